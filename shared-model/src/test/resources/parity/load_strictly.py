#!/usr/bin/env python3
"""Loads a checkpoint directory into PyTorch's own modules with strict=True and compares logits.

    python3 load_strictly.py CHECKPOINT EXPECTED.safetensors

EXPECTED holds `ids` and `logits`. Prints the largest difference; exits with 1 where a name, a shape or a value differs.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file

from make_references import Network

directory = pathlib.Path(sys.argv[1])
network = Network(json.loads((directory / "config.json").read_text(encoding="utf-8")))
network.load_state_dict(load_file(directory / "model.safetensors"), strict=True)
expected = load_file(sys.argv[2])
with torch.no_grad():
    ids = expected["ids"]
    logits, _ = network(ids, torch.zeros(network.config["layers"], ids.shape[0], network.config["hidden_size"]))
difference = (logits - expected["logits"]).abs().max().item()
print(f"largest difference {difference:.2e}")
sys.exit(0 if difference < 1e-5 else 1)
