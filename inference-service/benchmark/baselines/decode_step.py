#!/usr/bin/env python3
"""Measures a simple PyTorch decoder: one batched step for all streams, without HTTP.

    pip install -r requirements.txt
    python3 decode_step.py checkpoints/VERSION --device cuda --batch 1 64 1024 --dtype float16 --compile --graph

Prints one line of JSON for each batch size: microseconds per step (median of five blocks) and characters per second.
By default the step runs eagerly in float32. `--graph` replays it as a CUDA graph, which removes the launch overhead.
`--compile` writes the layers out as products and element-wise operations and compiles the step, its draw included, with
torch.compile, which needs a C and a C++ compiler.
"""
import argparse
import json
import statistics
import time

import torch

from network import load

parser = argparse.ArgumentParser()
parser.add_argument("checkpoint")
parser.add_argument("--device", default="cpu")
parser.add_argument("--batch", type=int, nargs="+", default=[1, 64])
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
parser.add_argument("--compile", action="store_true")
parser.add_argument("--graph", action="store_true")
parser.add_argument("--threads", type=int, default=torch.get_num_threads())
options = parser.parse_args()
if options.graph and not options.device.startswith("cuda"):
    parser.error(f"--device is {options.device}; with --graph it must be cuda")
torch.set_num_threads(options.threads)
network, _ = load(options.checkpoint, options.device)
network = network.to(getattr(torch, options.dtype))
synchronize = torch.cuda.synchronize if options.device.startswith("cuda") else (lambda: None)


def layers(ids, states):
    """Computes a step with the layers of the library."""
    logits, states = network(ids, states)
    return logits[:, -1], states


def draw(logits):
    """Draws a character for each stream, with one exponential number for each probability.

    It has the same distribution as torch.multinomial, which draws the same numbers and also checks the probabilities.
    """
    probabilities = torch.softmax(logits.float(), -1)
    return (probabilities / torch.empty_like(probabilities).exponential_()).argmax(-1, keepdim=True)


def flat(states):
    """Returns the states as a list of tensors."""
    return states if isinstance(states, list) else [states]


def checked(ids, states):
    """Returns the compiled step. Raises SystemExit if it computes another network than the library's layers.

    The compiled step returns no logits, so those of the same step before its compilation are compared.
    """
    cells = network.cells()

    def step(ids, states):
        logits, states = network.step(ids, states, cells)
        return draw(logits), states
    torch.compiler.reset()  # the limit on compilations of a function counts those of other batch sizes
    compiled = torch.compile(step, fullgraph=True, dynamic=False)
    logits, last = layers(ids, states)
    pairs = [("logits", network.step(ids, states, cells)[0], logits)]
    pairs += [("states", *pair) for pair in zip(flat(compiled(ids, states)[1]), flat(last))]
    # On a GPU, the layers of the library multiply float32 in TF32 by default.
    tolerance = 1e-4 if options.dtype == "float32" and options.device == "cpu" else 5e-2
    for name, ours, theirs in pairs:
        difference = (ours - theirs).abs().max().item()
        if not difference <= tolerance * max(1, theirs.abs().max().item()):
            raise SystemExit(f"the {name} of the step differ by {difference} from those of the library's layers")
    return compiled


def eager(ids, states):
    """Draws the next characters of all streams."""
    logits, states = layers(ids, states)
    return draw(logits), states


def captured(step, ids, states):
    """Captures a step that overwrites its own inputs, and returns the function that replays it."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(ids, states)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        next_ids, next_states = step(ids, states)
        ids.copy_(next_ids)
        for old, new in zip(flat(states), flat(next_states)):
            old.copy_(new)

    def replay(ids, states):
        graph.replay()
        return ids, states
    return replay


@torch.no_grad()
def measure(batch):
    """Measures the step for a number of streams and prints the result."""
    ids = torch.zeros(batch, 1, dtype=torch.long, device=options.device)
    _, states = network(ids)
    step = checked(ids, states) if options.compile else eager
    if options.graph:
        step = captured(step, ids, states)

    def block():
        """Runs a block of steps and returns microseconds per step."""
        nonlocal ids, states
        synchronize()
        started = time.perf_counter()
        for _ in range(options.steps):
            ids, states = step(ids, states)
            ids[0, 0].item()  # a server needs every character on the CPU
        synchronize()
        return (time.perf_counter() - started) / options.steps * 1e6

    block()
    micros = statistics.median(block() for _ in range(5))
    print(json.dumps({"batch": batch, "us_per_step": round(micros, 1), "chars_per_s": round(batch / micros * 1e6),
                      "dtype": options.dtype, "compile": options.compile, "graph": options.graph,
                      "torch": torch.__version__, "device": options.device, "threads": options.threads}), flush=True)


for size in options.batch:
    measure(size)
