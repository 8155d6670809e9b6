"""nvidia-smi as people paste it: layouts, cuts, prefixes, forms of output."""

from __future__ import annotations

import textwrap

import pytest

from support.pasted import codes, detected

TABLE = """\
Tue Mar  5 10:11:12 2024
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.14              Driver Version: 550.54.14      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA GeForce RTX 4090        Off |   00000000:01:00.0  On |                  Off |
|  0%   41C    P8             21W /  450W |     512MiB /  24564MiB |      1%      Default |
|                                         |                        |                  N/A |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA RTX A4000               Off |   00000000:02:00.0 Off |                  Off |
| 41%   35C    P8              9W /  140W |       3MiB /  16376MiB |      0%      Default |
|                                         |                        |                  N/A |
+-----------------------------------------+------------------------+----------------------+

+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI        PID   Type   Process name                              GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|    0   N/A  N/A      1930      G   /usr/lib/xorg/Xorg                            35MiB |
+-----------------------------------------------------------------------------------------+
"""
GPUS = [
    {
        "vendor": "nvidia",
        "name": "NVIDIA GeForce RTX 4090",
        "compute_capability": "8.9",
        "memory_mib": 24564,
    },
    {"vendor": "nvidia", "name": "NVIDIA RTX A4000", "compute_capability": "8.6", "memory_mib": 16376},
]


def prefixed(prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in TABLE.splitlines())


def numbered() -> str:
    return "".join(f"{number:5}  {line}\n" for number, line in enumerate(TABLE.splitlines(), 7))


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        textwrap.indent(TABLE, " " * 12),
        prefixed("> "),
        prefixed("> > "),
        prefixed("# "),
        prefixed("//  "),
        prefixed("2024-07-08T16:55:45.3185255Z "),
        prefixed("[2024-07-08 16:55:45,318] "),
        prefixed("web-1  | "),
        prefixed("Jul  8 16:55:45 box app[17]: "),
        prefixed("\x1b_bk;t=1778140792258\x07"),
        prefixed("_bk;t=1778140792258"),
        numbered(),
        f"Here is mine:\n```console\n$ nvidia-smi\n{TABLE}```\nThanks!",
        f"<details><summary>nvidia-smi</summary>\n\n<pre>{TABLE}</pre></details>",
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\n\n"),
        TABLE.replace(" ", "\u00a0"),
        TABLE.replace("| GPU  Name", "\x1b[1m| GPU  Name\x1b[0m"),
        TABLE.replace("\n", "\\n"),
        TABLE.replace("|=", "&#124;=").replace("/usr", "&#47;usr"),
        TABLE + TABLE,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_a_table_is_read_whatever_stands_around_it(text: str) -> None:
    answer = detected(text)

    assert (answer["os"], answer["driver"], answer["cuda_reported"]) == ("linux", "550.54.14", "12.4")
    assert answer["gpus"] == GPUS
    assert answer["usable"] == ["cuda", "cpu"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
def test_a_table_is_read_in_any_encoding(encoding: str) -> None:
    assert detected(f"显卡信息\n{TABLE}".encode(encoding))["gpus"] == GPUS


def test_a_table_without_its_head_still_shows_the_gpus() -> None:
    rows = TABLE.partition("|====")[2]

    answer = detected(rows)

    assert answer["gpus"] == GPUS
    assert (answer["driver"], answer["cuda_reported"]) == (None, None)


def test_a_table_cut_in_a_gpus_rows_says_so() -> None:
    cut = TABLE[: TABLE.index("| 41%")]

    answer = detected(cut)

    assert [gpu["memory_mib"] for gpu in answer["gpus"]] == [24564, None]
    assert "paste-cut" in codes(answer)


def test_a_head_alone_names_no_gpu() -> None:
    answer = detected(TABLE.splitlines()[2])

    assert (answer["driver"], answer["cuda_reported"], answer["gpus"]) == ("550.54.14", "12.4", [])
    assert (answer["os"], answer["usable"]) == (None, ["cpu"])


OLD = """\
+------------------------------------------------------+
| NVIDIA-SMI 367.57     Driver Version: 367.57         |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
|===============================+======================+======================|
|   0  Tesla K80           On   | 0000:00:1E.0     Off |                    0 |
| N/A   33C    P8    30W / 149W |      0MiB / 11439MiB |      0%      Default |
+-------------------------------+----------------------+----------------------+
"""
NEW = TABLE.replace("550.54.14", "610.57.04").replace("Driver Version:", "KMD Version:   ")
NEW = NEW.replace("CUDA Version: 12.4    ", "CUDA UMD Version: 13.3")
WINDOWS = TABLE.replace("Persistence-M", "   TCC/WDDM  ").replace("    Off |   0000", "   WDDM |   0000")
JETSON = TABLE.replace(
    "NVIDIA GeForce RTX 4090        Off |   00000000:01:00.0  On",
    "Orin (nvgpu)                   N/A | N/A                N/A",
).replace("     512MiB /  24564MiB", "          Not Supported")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OLD, ("linux", "367.57", None, "3.7")),
        (NEW, ("linux", "610.57.04", "13.3", "8.9")),
        (WINDOWS, ("windows", "550.54.14", "12.4", "8.9")),
        (JETSON, ("linux", "550.54.14", "12.4", "8.7")),
    ],
    ids=["367", "610", "WDDM", "Jetson"],
)
def test_every_layout_of_the_table_is_known(text: str, expected: tuple[str, str, str | None, str]) -> None:
    answer = detected(text)

    first = answer["gpus"][0]["compute_capability"]
    assert (answer["os"], answer["driver"], answer["cuda_reported"], first) == expected


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA A100-SXM...", "8.0"),
        ("GeForce GTX 107...", "6.1"),
        ("NVIDIA GeForce ...", None),
        ("GRID A100-40C     ", "8.0"),
        ("Tesla V100-SXM2...", "7.0"),
        ("NVIDIA Whatever 9 ", None),
    ],
)
def test_a_name_tells_a_capability_where_it_can_be_only_one(name: str, capability: str | None) -> None:
    text = TABLE.replace("NVIDIA RTX A4000  ", name)

    gpu = detected(text)["gpus"][1]

    assert (gpu["name"], gpu.get("compute_capability")) == (name.strip(), capability)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("CUDA Version: 12.4 ", "CUDA Version: N/A  ", "cuda-library-missing"),
        ("CUDA Version: 12.4 ", "CUDA Version: ERR! ", "cuda-stub-library"),
        ("CUDA Version: 12.4 ", "CUDA Version: 12.8 ", "cuda-forward-compatibility"),
        ("NVIDIA RTX A4000  ", "ERR!              ", "gpu-fallen-off"),
        ("NVIDIA RTX A4000  ", "NVIDIA L40S-48C   ", "nvidia-vgpu"),
        ("NVIDIA RTX A4000  ", "NVIDIA Thing 7    ", "gpu-unknown"),
        ("NVIDIA RTX A4000  ", "NVIDIA RTX A40... ", "gpu-name-cut-off"),
        ("                  N/A |\n+--", "              Enabled |\n+--", "nvidia-mig"),
    ],
)
def test_what_a_table_shows_to_be_wrong_is_said(old: str, new: str, code: str) -> None:
    assert code not in codes(detected(TABLE))
    assert code in codes(detected(TABLE.replace(old, new)))


@pytest.mark.parametrize(
    "text",
    [
        "index, name, driver_version, memory.total [MiB], compute_cap\n"
        + "".join(f"{index}, NVIDIA L4, 535.129.03, 23034 MiB, 8.9\n" for index in (0, 1)),
        "compute_cap, memory.total [MiB], driver_version, name\n" + 2 * "8.9, 23034, 535.129.03, NVIDIA L4\n",
        2 * "NVIDIA L4, 535.129.03, 23034 MiB, 8.9\n",
        2 * "0, NVIDIA L4, 23034, 0, 8.9, 535.129.03\n",
    ],
    ids=["header and units", "another order, no units", "no header", "nothing but values"],
)
def test_csv_is_read_in_any_order(text: str) -> None:
    answer = detected(text)

    one = {"vendor": "nvidia", "name": "NVIDIA L4", "compute_capability": "8.9", "memory_mib": 23034}
    assert answer["driver"] == "535.129.03"
    assert answer["gpus"] == [one, one]


XML = """\
<?xml version="1.0" ?>
<nvidia_smi_log>
  <driver_version>535.54.03</driver_version>
  <cuda_version>12.2</cuda_version>
  <attached_gpus>2</attached_gpus>
  <gpu id="00000000:07:00.0">
    <product_name>NVIDIA A100-SXM4-80GB</product_name>
    <persistence_mode>Enabled</persistence_mode>
    <mig_mode><current_mig>Enabled</current_mig></mig_mode>
    <mig_devices>
      <mig_device><fb_memory_usage><total>19968 MiB</total></fb_memory_usage></mig_device>
    </mig_devices>
    <fb_memory_usage>
      <total>81920 MiB</total>
    </fb_memory_usage>
  </gpu>
  <gpu id="00000000:0F:00.0">
    <product_name>NVIDIA A100-SXM4-80GB</product_name>
    <fb_memory_usage>
      <total>81920 MiB</total>
    </fb_memory_usage>
  </gpu>
</nvidia_smi_log>
"""


def test_xml_is_read_with_the_whole_gpus_memory() -> None:
    answer = detected(XML)

    assert [gpu["memory_mib"] for gpu in answer["gpus"]] == [81920, 81920]
    assert (answer["os"], answer["driver"], answer["cuda_reported"]) == ("linux", "535.54.03", "12.2")
    assert codes(answer) == {"nvidia-mig"}


def test_xml_with_nodes_missing_or_cut_off_tells_what_it_has() -> None:
    missing = detected(
        XML.replace("<total>81920 MiB</total>", "").replace("<cuda_version>12.2</cuda_version>", "")
    )
    cut = detected(XML[: XML.index('<gpu id="00000000:0F')])

    assert [gpu["memory_mib"] for gpu in missing["gpus"]] == [None, None]
    assert missing["cuda_reported"] is None
    assert len(cut["gpus"]) == 1
    assert "paste-cut" in codes(cut)


def test_several_texts_fill_each_other_in() -> None:
    narrow = TABLE.replace("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX ... ")
    names = "GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-0)\nGPU 1: NVIDIA RTX A4000 (UUID: GPU-1)\n"

    assert detected(narrow, names)["gpus"] == GPUS
    assert detected(names, narrow)["gpus"] == GPUS


def test_slices_are_no_gpus() -> None:
    text = (
        "GPU 0: NVIDIA H100 (UUID: GPU-0)\n  MIG 3g.40gb     Device  0: (UUID: MIG-0)\n"
        "  MIG 1g.10gb     Device  1: (UUID: MIG-1)\nGPU 1: NVIDIA H100 (UUID: GPU-1)\n"
    )

    answer = detected(text)

    assert [gpu.get("mig_devices") for gpu in answer["gpus"]] == ["3g.40gb 1g.10gb", None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make ...",
            "nvidia-driver-not-loaded",
        ),
        ("Failed to initialize NVML: Driver/library version mismatch\n", "nvidia-driver-mismatch"),
        (
            "01:00.0 3D controller: NVIDIA Corporation GA107M [RTX 3050]\n\tKernel driver in use: nouveau\n",
            "nvidia-driver-missing",
        ),
    ],
)
def test_a_driver_that_does_not_run_makes_cuda_useless(text: str, code: str) -> None:
    answer = detected(text)

    assert code in codes(answer)
    assert answer["usable"] == ["cpu"]


def test_a_windows_driver_number_is_nvidias() -> None:
    wmic = (
        "AdapterRAM=4293918720\nDriverVersion=31.0.15.5222\nName=NVIDIA GeForce RTX 3070 \n"
        "PNPDeviceID=PCI\\VEN_10DE&amp;DEV_2484&amp;SUBSYS_1\n\n"
        "DriverVersion=1.8.0.0\nName=VNC Mirror Driver\nPNPDeviceID=ROOT\\DISPLAY\\0000\n"
    )

    answer = detected(wmic)

    assert (answer["os"], answer["driver"]) == ("windows", "552.22")
    assert [(gpu["name"], gpu["memory_mib"]) for gpu in answer["gpus"]] == [("NVIDIA GeForce RTX 3070", None)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("We train on 8x A100 here.", ["A100"] * 8),
        ("- GPU: RTX 3090 x 2\n- RAM: 64 GB", ["RTX 3090"] * 2),
        ("My graphics card is a Tesla T4.", ["Tesla T4"]),
        ("JetPack 6 on Orin NX 16GB.", ["Orin NX 16GB"]),
        ("Paper size A4, A10 and A100 of the form", []),
    ],
)
def test_prose_names_a_gpu_where_it_speaks_of_one(text: str, names: list[str]) -> None:
    assert [gpu["name"] for gpu in detected(text)["gpus"]] == names
