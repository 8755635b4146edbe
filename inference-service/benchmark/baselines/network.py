"""The two networks of the blog post "RNN generations" in PyTorch, and a loader for Folio's checkpoints.

`load` reads config.json, vocabulary.json and model.safetensors. It raises an error if a name or a shape differs from
the residual or the plain network. All baselines share this file, so that they compute the same network.
"""
import json
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional

DTYPES = {"F32": numpy.float32, "F16": numpy.float16}


def read_safetensors(path):
    """Returns the tensors of a file in float32, by name."""
    raw = pathlib.Path(path).read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header, body = json.loads(raw[8:8 + size]), raw[8 + size:]
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(numpy.frombuffer(body[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]])
                                   .reshape(entry["shape"]).astype(numpy.float32).copy())
            for name, entry in header.items()}


def gru_step(inputs, state, input_weight, state_weight, input_bias, state_bias):
    """Returns the next state of a GRU: one step of nn.GRU as products and element-wise operations."""
    of_input = functional.linear(inputs, input_weight, input_bias).chunk(3, -1)
    of_state = functional.linear(state, state_weight, state_bias).chunk(3, -1)
    reset, update = (torch.sigmoid(of_input[k] + of_state[k]) for k in range(2))
    new = torch.tanh(of_input[2] + reset * of_state[2])
    return new + update * (state - new)


class Plain(nn.Module):
    """The plain network: linear(relu(gru(embedding(ids)))), with one GRU of several layers."""

    def __init__(self, vocabulary, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.gru = nn.GRU(hidden, hidden, layers, batch_first=True)
        self.linear = nn.Linear(hidden, vocabulary)

    def forward(self, ids, state=None):
        out, state = self.gru(self.embedding(ids), state)
        return self.linear(torch.relu(out)), state

    def cells(self):
        """Returns the weights of each layer."""
        return self.gru.all_weights

    def step(self, ids, state, cells):
        """Returns what `forward` does for one character, without nn.GRU, which torch.compile cannot compile."""
        out, states = self.embedding(ids[:, 0]), []
        for weights, before in zip(cells, state):
            out = gru_step(out, before, *weights)
            states.append(out)
        return self.linear(torch.relu(out)), torch.stack(states)


class Residual(nn.Module):
    """The residual network: every GRU layer after the first adds its output to its input."""

    def __init__(self, vocabulary, embedding, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.grus = nn.ModuleList(
            nn.GRU(embedding if k == 0 else hidden, hidden, batch_first=True) for k in range(layers))
        self.linear = nn.Linear(hidden, vocabulary)

    def forward(self, ids, state=None):
        out, states = self.embedding(ids), []
        for k, gru in enumerate(self.grus):
            step, last = gru(out, None if state is None else state[k])
            out = step if k == 0 else out + step
            states.append(last)
        return self.linear(out), states

    def cells(self):
        """Returns the weights of each layer."""
        return [gru.all_weights[0] for gru in self.grus]

    def step(self, ids, states, cells):
        """Returns what `forward` does for one character, without nn.GRU, which torch.compile cannot compile."""
        out, after = self.embedding(ids[:, 0]), []
        for k, (weights, before) in enumerate(zip(cells, states)):
            state = gru_step(out, before[0], *weights)
            out = state if k == 0 else out + state
            after.append(state[None])
        return self.linear(out), after


def load(directory, device):
    """Returns the network of a checkpoint directory on a device, and its list of characters.

    Raises SystemExit if config.json or vocabulary.json describes a network that this file does not have.
    """
    tensors = read_safetensors(pathlib.Path(directory) / "model.safetensors")
    vocabulary, embedding = tensors["embedding.weight"].shape
    if "grus.0.weight_hh_l0" in tensors:
        layers = sum(name.endswith(".weight_hh_l0") for name in tensors)
        network = Residual(vocabulary, embedding, tensors["grus.0.weight_hh_l0"].shape[1], layers)
    else:
        layers = sum(name.startswith("gru.weight_hh_l") for name in tensors)
        network = Plain(vocabulary, tensors["gru.weight_hh_l0"].shape[1], layers)
    config = json.loads((pathlib.Path(directory) / "config.json").read_text(encoding="utf-8"))
    expected = {"embedding_activation": "none", "head_activation": "none" if config["network"] == "residual" else "relu",
                "projection_size": None, "tied": False}
    unsupported = {key: config.get(key) for key, value in expected.items() if config.get(key, value) != value}
    if unsupported:
        raise SystemExit(f"config.json has {unsupported}, which this baseline does not support")
    network.load_state_dict(tensors, strict=True)
    characters = json.loads((pathlib.Path(directory) / "vocabulary.json").read_text(encoding="utf-8"))["characters"]
    if len(characters) != vocabulary:
        raise SystemExit(f"vocabulary.json has {len(characters)} characters, embedding.weight {vocabulary} rows")
    return network.to(device).eval(), list(characters)
