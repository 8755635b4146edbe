"""Compares the logits of the exports of checkpoints with those that Folio computed.

    python3 compare_exports.py FOLDER…

Each folder has the exports `pytorch` and `model.onnx`, and expected.safetensors with `ids`, `state`, `logits` and
`next_state`. Exits with an error if a difference is 1e-5 or larger.
"""
import importlib.util
import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file


def outputs_of_pytorch(folder, ids, state):
    spec = importlib.util.spec_from_file_location("network", folder / "network.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    network, characters = program.load(folder)
    with torch.no_grad():
        return characters, [tensor.numpy() for tensor in network(ids, state)]


def compare(folder):
    expected = load_file(folder / "expected.safetensors")
    characters, from_pytorch = outputs_of_pytorch(folder / "pytorch", expected["ids"], expected["state"])

    onnx.checker.check_model(onnx.load(folder / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    assert json.loads(session.get_modelmeta().custom_metadata_map["characters"]) == characters
    names = ["logits", "next_state"]
    ids, state = expected["ids"].numpy(), expected["state"].numpy()
    from_onnx = session.run(names, {"ids": ids, "state": state})
    parts = []
    for part in numpy.split(ids, 2, axis=1):  # the state continues from one call to the next
        logits, state = session.run(names, {"ids": part, "state": state})
        parts.append(logits)
    in_two_calls = [numpy.concatenate(parts, axis=1), state]

    for program, outputs in {"PyTorch": from_pytorch, "ONNX": from_onnx, "ONNX in two calls": in_two_calls}.items():
        for name, output in zip(names, outputs, strict=True):
            difference = numpy.abs(output - expected[name].numpy()).max()
            print(folder.name, program, name, difference)
            assert difference < 1e-5


for name in sys.argv[1:]:
    compare(pathlib.Path(name))
