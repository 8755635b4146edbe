#!/usr/bin/env python3
"""Makes the references of NetworkParityTest and TrainingParityTest with PyTorch itself.

    pip install torch safetensors numpy
    python3 make_references.py            # writes NAME.safetensors beside this file

Each file holds a network's weights under PyTorch's names, and under `reference.` the ids it read, the state it
began with, its logits and its last state; the configuration is in the file's metadata. `train-NAME` files also
hold the targets and, under `after.`, the weights after three steps of AdamW with clipped gradients.
"""
import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
ACTIVATIONS = {"none": lambda x: x, "relu": torch.relu, "tanh": torch.tanh}


class Network(nn.Module):
    """The two networks of the project with their extensions, written with torch.nn alone."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        vocabulary, embedding = config["vocabulary_size"], config["embedding_size"]
        hidden, layers = config["hidden_size"], config["layers"]
        self.embedding = nn.Embedding(vocabulary, embedding)
        if config["network"] == "plain":
            self.gru = nn.GRU(hidden, hidden, layers, batch_first=True)
        else:
            self.grus = nn.ModuleList(
                nn.GRU(embedding if k == 0 else hidden, hidden, batch_first=True) for k in range(layers))
        width = config["projection_size"] or hidden
        if config["projection_size"]:
            self.projection = nn.Linear(hidden, width, bias=False)
        self.linear = nn.Linear(width, vocabulary)
        if config["tied"]:
            self.linear.weight = self.embedding.weight

    def forward(self, ids, state):
        out = ACTIVATIONS[self.config["embedding_activation"]](self.embedding(ids))
        if self.config["network"] == "plain":
            out, last = self.gru(out, state)
        else:
            states = []
            for k, gru in enumerate(self.grus):
                step, end = gru(out, state[k:k + 1])
                out = step if k == 0 else out + step
                states.append(end)
            last = torch.cat(states)
        out = ACTIVATIONS[self.config["head_activation"]](out)
        if self.config["projection_size"]:
            out = self.projection(out)
        return self.linear(out), last


def config(network, **changes):
    base = {"format": 1, "network": network, "vocabulary_size": 11, "embedding_size": 12, "hidden_size": 12, "layers": 3,
            "embedding_activation": "none", "head_activation": "relu" if network == "plain" else "none",
            "projection_size": None, "tied": False}
    return {**base, **changes}


CASES = {
    "plain": config("plain"),
    "plain-1-layer": config("plain", layers=1, hidden_size=9, embedding_size=9),
    "residual": config("residual", embedding_size=7),
    "residual-8-layers": config("residual", embedding_size=5, layers=8),
    "residual-activations": config("residual", embedding_activation="tanh", head_activation="relu"),
    "plain-activations": config("plain", embedding_activation="relu", head_activation="none"),
    "residual-projection-tied": config("residual", embedding_size=6, projection_size=6, tied=True),
    "plain-projection": config("plain", projection_size=5),
    "plain-tied": config("plain", tied=True),
}


def tensors_of(network, prefix=""):
    own = dict(network.state_dict())
    if network.config["tied"]:
        del own["linear.weight"]
    return {prefix + name: tensor.detach().clone().contiguous() for name, tensor in own.items()}


def reference(name, case):
    torch.manual_seed(20261123)
    network = Network(case)
    ids = torch.randint(case["vocabulary_size"], (3, 10))
    state = torch.randn(case["layers"], 3, case["hidden_size"]) * 0.5
    with torch.no_grad():
        logits, last = network(ids, state)
    tensors = tensors_of(network)
    tensors.update({"reference.ids": ids, "reference.state": state, "reference.logits": logits, "reference.last": last})
    save_file(tensors, HERE / f"{name}.safetensors", {"config": json.dumps(case)})


def training(name, case):
    torch.manual_seed(7)
    network = Network(case)
    tensors = tensors_of(network)
    text = torch.randint(case["vocabulary_size"], (3, 4, 9))  # three steps, four rows, eight characters and one more
    matrices = [p for p in network.parameters() if p.dim() > 1]
    biases = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}],
                                  lr=0.01, betas=(0.9, 0.99), eps=1e-8)
    state = torch.zeros(case["layers"], 4, case["hidden_size"])
    for step in range(3):
        logits, last = network(text[step, :, :-1], state)
        loss = functional.cross_entropy(logits.reshape(-1, case["vocabulary_size"]), text[step, :, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
        state = last.detach()
    tensors.update({"reference.text": text, "reference.loss": loss.detach().reshape(1), "reference.last": state})
    tensors.update(tensors_of(network, "after."))
    save_file(tensors, HERE / f"train-{name}.safetensors", {"config": json.dumps(case)})


if __name__ == "__main__":
    for name, case in CASES.items():
        reference(name, case)
    for name in ("plain", "residual", "residual-projection-tied"):
        training(name, CASES[name])
    print(f"made with torch {torch.__version__}")
