"""rocminfo, rocm-smi, KFD, lspci, npu-smi, SYCL, macOS, conda, pip and what else tells of a machine."""

from __future__ import annotations

import pytest

from support.pasted import codes, detected

AGENTS = """\
ROCk module is loaded
=====================
HSA Agents
==========
*******
Agent 1
*******
  Name:                    AMD Ryzen 9 7950X 16-Core Processor
  Marketing Name:          AMD Ryzen 9 7950X 16-Core Processor
  Device Type:             CPU
*******
Agent 2
*******
  Name:                    gfx1100
  Marketing Name:          Radeon RX 7900 XTX
  Device Type:             GPU
  Chip ID:                 29772(0x744c)
  Pool Info:
    Pool 1
      Segment:                 GLOBAL; FLAGS: COARSE GRAINED
      Size:                    25149440(0x17fc000) KB
  ISA Info:
    ISA 1
      Name:                    amdgcn-amd-amdhsa--gfx1100
"""


def test_rocminfo_tells_the_gpus_from_the_processors() -> None:
    answer = detected(AGENTS)

    assert answer["gpus"] == [
        {
            "vendor": "amd",
            "name": "Radeon RX 7900 XTX",
            "gfx": "gfx1100",
            "memory_mib": 24560,
            "pci_id": "1002:744c",
        }
    ]
    assert (answer["os"], answer["usable"]) == ("linux", ["rocm", "cpu"])


def test_rocminfo_on_one_line_and_as_one_agent_is_the_same() -> None:
    squashed = " ".join(line for line in AGENTS.splitlines() if "Name:" in line)
    agent = AGENTS[AGENTS.index("  Name:                    gfx1100") :]

    for text in (squashed, agent):
        assert [(gpu["name"], gpu["gfx"]) for gpu in detected(text)["gpus"]] == [
            ("Radeon RX 7900 XTX", "gfx1100")
        ]


def test_an_override_shows_in_a_target_that_is_another_cards() -> None:
    text = AGENTS.replace("7900 XTX", "6700 XT").replace("gfx1100", "gfx1030")

    assert codes(detected(text)) == {"hsa-override-in-use"}


def test_rocm_smi_is_read_as_json_and_as_lines() -> None:
    json_text = (
        '{"card0": {"Card Series": "AMD Instinct MI210", "GPU ID": "0x740f", "GFX Version": "gfx90a", '
        '"VRAM Total Memory (B)": "68702699520"}, "system": {"Driver version": "6.3.6"}}'
    )
    lines = (
        "GPU[0]\t\t: Card Series: \t\tAMD Instinct MI210\nGPU[0]\t\t: GFX Version: \t\tgfx90a\n"
        "GPU[0]\t\t: VRAM Total Memory (B): 68702699520\nDriver version: 6.3.6\n"
    )

    for text in (json_text, lines, json_text[:150]):
        answer = detected(text)
        assert [(gpu["name"], gpu["gfx"]) for gpu in answer["gpus"]] == [("AMD Instinct MI210", "gfx90a")]
    assert answer["driver"] is None
    assert detected(json_text)["gpus"][0]["memory_mib"] == 65520
    assert (detected(json_text)["driver"], detected(lines)["driver"]) == ("6.3.6", "6.3.6")


@pytest.mark.parametrize("root", ["sys/class/kfd/kfd", "kfd", "dump/kfd"])
@pytest.mark.parametrize("version", ["gfx_target_version 90402\n", ""])
def test_a_kfd_folder_is_read_wherever_it_lies(root: str, version: str) -> None:
    node = f"{root}/topology/nodes"
    files = {
        f"{node}/0/properties": "cpu_cores_count 64\nsimd_count 0\ngfx_target_version 0\nvendor_id 0\n",
        f"{node}/1/properties": f"cpu_cores_count 0\nsimd_count 304\n{version}device_id 29857\n",
        f"{node}/1/mem_banks/0/properties": "heap_type 1\nsize_in_bytes 206141652992\nwidth 8192\n",
        f"{node}/1/name": "ip discovery\n",
    }

    answer = detected(files=files)

    (gpu,) = answer["gpus"]
    assert (gpu["name"], gpu.get("gfx")) == (None, "gfx942" if version else None)
    assert (gpu["memory_mib"], gpu["pci_id"], answer["os"]) == (196592, "1002:74a1", "linux")


def test_lspci_names_every_makers_gpu_and_no_management_controller() -> None:
    text = (
        "00:02.0 VGA compatible controller [0300]: Intel Corporation "
        "Alder Lake-P GT2 [Iris Xe Graphics] [8086:46a6]\n"
        "\tKernel driver in use: i915\n"
        "03:00.0 VGA compatible controller [0300]: Advanced Micro Devices, Inc. [AMD/ATI] "
        "Navi 33 [Radeon RX 7600] [1002:7480] (rev c8)\n\tKernel driver in use: amdgpu\n"
        "06:00.0 VGA compatible controller: ASPEED Technology, Inc. ASPEED Graphics Family (rev 41)\n"
        "07:00.0 Non-Volatile memory controller: Samsung Electronics Co Ltd NVMe SSD Controller\n"
    )

    answer = detected(text)

    assert [(gpu["vendor"], gpu["name"], gpu.get("gfx")) for gpu in answer["gpus"]] == [
        ("intel", "Alder Lake-P GT2 [Iris Xe Graphics]", None),
        ("amd", "Navi 33 [Radeon RX 7600]", "gfx1102"),
    ]
    assert answer["os"] == "linux"


def test_a_virtual_display_is_no_gpu_to_train_on() -> None:
    answer = detected(
        "Slot:\t00:0f.0\nClass:\tVGA compatible controller [0300]\nVendor:\tVMware [15ad]\n"
        "Device:\tSVGA II Adapter [0405]\n"
    )

    assert [(gpu["vendor"], gpu["pci_id"]) for gpu in answer["gpus"]] == [("vmware", "15ad:0405")]
    assert codes(answer) == {"display-is-virtual"}
    assert answer["usable"] == ["cpu"]


def test_an_ascend_table_counts_chips() -> None:
    row = "| {0}     910B3               | OK            | 93.6   40   0    / 0   |\n"
    row += "| 0                         | 0000:C{0}:00.0  | 0   0 / 0    3390 / 65536  |\n"
    text = "| npu-smi 24.1.rc2                 Version: 24.1.rc2                     |\n"
    text += "".join(row.format(number) for number in range(8))

    answer = detected(text)

    assert [(g["vendor"], g["name"], g["memory_mib"]) for g in answer["gpus"]] == [
        ("huawei", "910B3", 65536)
    ] * 8
    assert (answer["driver"], answer["usable"]) == ("24.1.rc2", ["cpu"])


def test_a_gaudi_table_is_not_taken_for_nvidias() -> None:
    text = (
        "| HL-SMI Version:                              hl-1.18.0-fw-53.1.1.1          |\n"
        "| Driver Version:                                     1.18.0-ee698fb          |\n"
        "| AIP  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |\n"
        "|   0  HL-325              N/A  | 0000:21:00.0     N/A |                   0  |\n"
        "| N/A   43C   N/A   264W / 900W |    672MiB / 131072MiB |     0%           N/A|\n"
    )

    answer = detected(text)

    assert [(g["vendor"], g["name"], g["memory_mib"]) for g in answer["gpus"]] == [
        ("intel-habana", "HL-325", 131072)
    ]
    assert answer["driver"] == "1.18.0-ee698fb"


def test_sycl_lists_each_gpu_once() -> None:
    text = (
        "[opencl:gpu][opencl:1] Intel(R) OpenCL Graphics, "
        "Intel(R) Arc(TM) A770 Graphics OpenCL 3.0 NEO  [24.22.29735.27]\n"
        "[opencl:cpu][opencl:0] Intel(R) OpenCL, "
        "Intel(R) Core(TM) i7-14700K OpenCL 3.0 (Build 0) [2024.18.7.0.11]\n"
        "[level_zero:gpu][level_zero:0] Intel(R) Level-Zero, Intel(R) Arc(TM) A770 Graphics 1.3 [1.3.29735]\n"
    )

    answer = detected(text)

    assert [(gpu["vendor"], gpu["name"]) for gpu in answer["gpus"]] == [
        ("intel", "Intel(R) Arc(TM) A770 Graphics")
    ]
    assert (answer["driver"], answer["os"]) == ("1.3.29735", "linux")


def test_a_mac_names_its_gpu_and_its_release() -> None:
    text = (
        "ProductVersion:\t\t15.1\nGraphics/Displays:\n\n      Chipset Model: Apple M4 Pro\n      Type: GPU\n"
    )

    answer = detected(text)

    assert [(gpu["vendor"], gpu["name"], gpu["memory_mib"]) for gpu in answer["gpus"]] == [
        ("apple", "Apple M4 Pro", None)
    ]
    assert (answer["os"], answer["arch"], answer["usable"]) == ("darwin", "arm64", ["mps", "cpu"])


def test_an_intel_mac_has_its_cards_and_no_mps() -> None:
    text = "Chipset Model: Intel UHD Graphics 630\nVRAM (Dynamic, Max): 1536 MB\n\n"
    text += "Chipset Model: AMD Radeon Pro 5500M\nVRAM (Total): 8 GB\n"

    answer = detected(text)

    assert {(gpu["vendor"], gpu["memory_mib"]) for gpu in answer["gpus"]} == {("intel", None), ("amd", 8192)}
    assert (answer["os"], answer["arch"], answer["usable"]) == ("darwin", "x86_64", ["cpu"])


def test_python_under_rosetta_shows_in_sysctl() -> None:
    text = "sysctl.proc_translated: 1\nmachdep.cpu.brand_string: Apple M2\n$ uname -m\nx86_64\n"

    assert "python-under-rosetta" in codes(detected(text))


CONDA_LINUX = """\
          conda version : 24.9.2
         python version : 3.12.7.final.0
       virtual packages : __archspec=1=zen3
                          __cuda=12.7=0
                          __glibc=2.35=0
                          __linux=6.5.0=0
               platform : linux-64
"""
CONDA_WINDOWS = """\
          conda version : 22.9.0
         python version : 3.9.13.final.0
       virtual packages : __cuda=12.0=0
                          __win=0=0
"""
PIP_LINUX = """\
pip version: pip 24.0 from /usr/lib/python3/dist-packages/pip (python 3.12)
sys.version: 3.12.3 (main, Nov  6 2024, 18:32:19) [GCC 13.2.0]
sys.platform: linux
Compatible tags: 900
  cp312-cp312-manylinux_2_39_aarch64
"""
PIP_WINDOWS = """\
pip version: pip 24.0 from C:\\Python311\\Lib\\site-packages\\pip (python 3.11)
sys.version: 3.11.9 (tags/v3.11.9:de54cf5, Apr  2 2024, 10:12:12)
sys.platform: win32
  cp311-cp311-win_amd64
"""
SHELL = """\
$ uname -a
Linux box 5.15.0-100-generic #110-Ubuntu SMP Wed Feb 7 13:27:48 UTC 2024 x86_64 x86_64 x86_64 GNU/Linux
$ ldd --version
ldd (Ubuntu GLIBC 2.35-0ubuntu3.6) 2.35
$ python3 --version
Python 3.10.12
"""
DARWIN = (
    "Darwin mac 23.5.0 Darwin Kernel Version 23.5.0: Wed May  1 2024; root:xnu/RELEASE_ARM64_T6020 arm64\n"
)
SYSTEMINFO = "OS Name:   Microsoft Windows 11 Pro\nSystem Type:  x64-based PC\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONDA_LINUX, ("linux", "x86_64", "glibc-2.35", "3.12.7", "12.7")),
        (CONDA_WINDOWS, ("windows", None, None, "3.9.13", "12.0")),
        (PIP_LINUX, ("linux", "aarch64", "glibc-2.39", "3.12.3", None)),
        (PIP_WINDOWS, ("windows", "x86_64", None, "3.11.9", None)),
        (SHELL, ("linux", "x86_64", "glibc-2.35", "3.10.12", None)),
        (DARWIN, ("darwin", "arm64", None, None, None)),
        (SYSTEMINFO, ("windows", "x86_64", None, None, None)),
    ],
    ids=["conda linux", "conda windows", "pip linux", "pip windows", "shell", "darwin", "systeminfo"],
)
def test_general_tools_tell_of_the_machine(
    text: str, expected: tuple[str, str | None, str | None, str | None, str | None]
) -> None:
    answer = detected(text)

    assert tuple(answer[key] for key in ("os", "arch", "libc", "python", "cuda_reported")) == expected


def test_a_makers_package_tells_of_devices_that_no_text_names() -> None:
    text = "PyTorch version: 2.1.0\nIs CUDA available: True\n[pip3] torch-npu==2.1.0.post10\n"

    answer = detected(text)

    assert answer["gpus"] == []
    assert codes(answer) == {"other-accelerator-software"}
