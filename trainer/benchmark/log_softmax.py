#!/usr/bin/env python3
"""What a log-softmax before the cross entropy changes, and what it costs: forward and backward of both, in turns.

    python3 trainer/benchmark/log_softmax.py [--device cuda]

Cross entropy begins with a log-softmax of its own, and log-softmax(log-softmax(x)) is log-softmax(x): the sum of the
probabilities is 1 the second time, its logarithm 0. So loss and gradient stay what they are, but for rounding.
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
wait = torch.cuda.synchronize if options.device.startswith("cuda") else (lambda: None)
print(f"PyTorch {torch.__version__} on {options.device}")
print("| batch | µs without | with | difference of the loss | of the gradient, relative |\n| --- | --: | --: | --: | --: |")


def bare(logits):
    return logits


def normalised(logits):
    return functional.log_softmax(logits, -1)


def run(before, logits, targets):
    leaf = logits.clone().requires_grad_()
    loss = functional.cross_entropy(before(leaf), targets)
    loss.backward()
    return loss.item(), leaf.grad


def micros(before, logits, targets):
    wait()
    started = time.perf_counter()
    run(before, logits, targets)
    wait()
    return (time.perf_counter() - started) * 1e6


for rows, length in ((16, 40), (64, 256)):
    logits = 4 * torch.randn(rows * length, options.vocabulary, device=options.device)
    targets = torch.randint(options.vocabulary, (rows * length,), device=options.device)
    (loss, gradient), (same_loss, same_gradient) = run(bare, logits, targets), run(normalised, logits, targets)
    times = [(micros(bare, logits, targets), micros(normalised, logits, targets)) for _ in range(options.rounds)]
    without, with_it = (statistics.median(side) for side in zip(*times))
    print(f"| {rows} × {length} | {without:.0f} | {with_it:.0f} | {abs(loss - same_loss):.1e} |"
          f" {((gradient - same_gradient).norm() / gradient.norm()).item():.1e} |")
