"""A Chinese text-classification fine-tune in PyTorch, from raw text to a confusion matrix.

Read the modules in the order of the data: `corpus` and `files` (texts with labels), `segment` (words and
character n-grams), `vectors` (skip-gram pre-training), `dataset` (batches), `model`, `train`, `experiment`,
`metrics`, `report`.
"""

import os

# Before torch is imported: a waiting OpenMP thread sleeps. By default it spins, and where something else has
# the core, a run takes ten times as long (measured: 85 s against more than 600 s on two busy cores).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
