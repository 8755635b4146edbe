#!/usr/bin/env python3
"""Measures the effect and the cost of a log-softmax before the cross entropy, forward and backward, in alternation.

    python3 trainer/benchmark/log_softmax.py [--device cuda]

Cross entropy begins with a log-softmax of its own, and log-softmax(log-softmax(x)) equals log-softmax(x): the second
time the probabilities sum to 1, and the logarithm of 1 is 0. So loss and gradient change only by rounding.
"""
import argparse
import statistics
import time

import torch
from torch.nn import functional

parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cpu")
parser.add_argument("--vocabulary", type=int, default=65)
parser.add_argument("--rounds", type=int, default=200)
options = parser.parse_args()
synchronize = torch.cuda.synchronize if options.device.startswith("cuda") else (lambda: None)
print(f"PyTorch {torch.__version__} on {options.device}")
print("| batch | µs without | µs with | loss difference | relative gradient difference |\n| --- | --: | --: | --: | --: |")


def bare(logits):
    return logits


def normalised(logits):
    return functional.log_softmax(logits, -1)


def run(before, logits, targets):
    """Returns the loss and the gradient when a function is applied before the cross entropy."""
    leaf = logits.clone().requires_grad_()
    loss = functional.cross_entropy(before(leaf), targets)
    loss.backward()
    return loss.item(), leaf.grad


def micros(before, logits, targets):
    """Returns the time of one forward and backward pass in microseconds."""
    synchronize()
    started = time.perf_counter()
    run(before, logits, targets)
    synchronize()
    return (time.perf_counter() - started) * 1e6


for rows, length in ((16, 40), (64, 256)):
    logits = 4 * torch.randn(rows * length, options.vocabulary, device=options.device)
    targets = torch.randint(options.vocabulary, (rows * length,), device=options.device)
    (loss, gradient), (same_loss, same_gradient) = run(bare, logits, targets), run(normalised, logits, targets)
    times = [(micros(bare, logits, targets), micros(normalised, logits, targets)) for _ in range(options.rounds)]
    without, with_it = (statistics.median(variant) for variant in zip(*times))
    print(f"| {rows} × {length} | {without:.0f} | {with_it:.0f} | {abs(loss - same_loss):.1e} |"
          f" {((gradient - same_gradient).norm() / gradient.norm()).item():.1e} |")
