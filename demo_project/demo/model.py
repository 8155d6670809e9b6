"""The classifier: pooled word vectors and weighted character n-grams, each with a linear layer, added up."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from demo.dataset import PADDING, Batch

DROPOUT = 0.5


class TextClassifier(nn.Module):
    """Word vectors tell what training texts never said, n-grams what vectors blur (like 好 and 差).

    `vectors` (words x dimensions) are where the fine-tune starts from. The first `tuned` rows, the words of
    the training texts, are trained; the others stay as they are, and only texts to be judged have them.
    """

    def __init__(self, vectors: Tensor, tuned: int, ngrams: int, classes: int) -> None:
        super().__init__()
        self.tuned = nn.Parameter(vectors[:tuned].clone())
        self.others: Tensor
        self.register_buffer("others", vectors[tuned:].clone())
        self.norm = nn.BatchNorm1d(3 * vectors.shape[1], affine=False)
        self.dropout = nn.Dropout(DROPOUT)
        self.dense = nn.Linear(3 * vectors.shape[1], classes)
        self.ngrams = nn.Embedding(ngrams, classes, padding_idx=PADDING)
        for layer in (self.dense, self.ngrams):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.dense.bias)

    def forward(self, batch: Batch) -> Tensor:
        """The logits: texts x classes."""
        pooled = self.dropout(self.norm(self.pool(batch.words)))
        weighted = self.ngrams(batch.ngrams) * batch.weights.unsqueeze(2)
        return self.dense(pooled) + weighted.sum(1)

    def pool(self, words: Tensor) -> Tensor:
        """The mean, the greatest and the least of a text's vectors side by side: texts x 3 dimensions."""
        # An optimiser's step costs what the table's size is: in training it holds no word that can't occur.
        table = self.tuned if self.training else torch.cat((self.tuned, self.others))
        padding = words == PADDING
        excess = padding.sum(1, keepdim=True)
        # A padded place repeats the first word of its text: that changes neither the greatest nor the least,
        # and is taken out of the sum again. Masks of texts x words x dimensions would cost half of a step.
        vectors = functional.embedding(torch.where(padding, words[:, :1], words), table)
        mean = (vectors.sum(1) - excess * vectors[:, 0]) / (words.shape[1] - excess)
        return torch.cat([mean, vectors.amax(1), vectors.amin(1)], dim=1)
