"""A Chinese text-classification fine-tune in PyTorch."""
