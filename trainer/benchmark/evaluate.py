#!/usr/bin/env python3
"""Computes the losses of a checkpoint in PyTorch, independently of Folio, to check `./folio evaluate`.

    PYTHONPATH=inference-service/benchmark/baselines python3 trainer/benchmark/evaluate.py checkpoints/VERSION input.txt

The validation text is the last tenth of the file. carried-64 cuts it into 64 streams and carries the state of each from
the first character to the last. windows-256 cuts it into windows of 256 characters that begin with a zero state. Every
character except the first of a stream or window is scored once.
"""
import sys

import torch
from torch.nn import functional

from network import load

network, characters = load(sys.argv[1], "cpu")
text = open(sys.argv[2], encoding="utf-8", newline="").read()
index = {character: i for i, character in enumerate(characters)}
ids = torch.tensor([index[character] for character in text[int(0.9 * len(text)):]])


@torch.no_grad()
def score(pieces):
    """Returns the summed loss of pieces of equal length, in nats, and the number of scored characters."""
    batch = torch.stack(pieces)
    state, total = None, 0.0
    for begin in range(0, batch.shape[1] - 1, 256):
        chunk = batch[:, begin:begin + 257]
        logits, state = network(chunk[:, :-1], state)
        total += functional.cross_entropy(logits.double().flatten(0, 1), chunk[:, 1:].flatten(), reduction="sum").item()
    return total, batch.shape[0] * (batch.shape[1] - 1)


def mean(pieces):
    """Returns the mean loss of pieces of any lengths, in nats per character."""
    sums = [score([piece for piece in pieces if len(piece) == length]) for length in {len(piece) for piece in pieces}]
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


print(f"carried-64   {mean(list(torch.tensor_split(ids, 64))):.4f} nats")
print(f"windows-256  {mean([window for window in torch.split(ids, 256) if len(window) > 1]):.4f} nats")
