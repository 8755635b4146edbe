#!/usr/bin/env python3
"""A character-level GRU that Folio trained, in PyTorch. It needs torch, numpy and safetensors.

    python3 network.py "ROMEO:" --length 500 --temperature 0.8 --seed 1

generates a text with the weights in the folder of this file. From another program, `load` returns the network and its
characters.
"""
import argparse
import json
import pathlib

import torch
from safetensors.torch import load_file
from torch import nn

FUNCTIONS = {"none": nn.Identity(), "relu": torch.relu, "tanh": torch.tanh}


class CharGru(nn.Module):
    """An embedding, GRU layers and a linear head over the characters; `config` is the content of config.json."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        embedding, hidden, layers = config["embedding_size"], config["hidden_size"], config["layers"]
        self.embedding = nn.Embedding(config["vocabulary_size"], embedding)
        if config["network"] == "plain":
            self.gru = nn.GRU(embedding, hidden, layers, batch_first=True)
        else:
            self.grus = nn.ModuleList(
                nn.GRU(embedding if k == 0 else hidden, hidden, batch_first=True) for k in range(layers))
        width = config["projection_size"] or hidden
        if config["projection_size"]:
            self.projection = nn.Linear(hidden, width, bias=False)
        self.linear = nn.Linear(width, config["vocabulary_size"])
        if config["tied"]:
            self.linear.weight = self.embedding.weight

    def forward(self, ids, state=None):
        """Returns the logits [batch, length, characters] of ids [batch, length], and the state after the last one.

        The state is [layers, batch, hidden]; None means zeros.
        """
        if state is None:
            state = torch.zeros(self.config["layers"], ids.shape[0], self.config["hidden_size"], device=ids.device)
        out = FUNCTIONS[self.config["embedding_activation"]](self.embedding(ids))
        if self.config["network"] == "plain":
            out, state = self.gru(out, state)
        else:
            states = []
            for k, gru in enumerate(self.grus):
                step, last = gru(out, state[k:k + 1])
                out = step if k == 0 else out + step  # every layer after the first adds to its input
                states.append(last)
            state = torch.cat(states)
        out = FUNCTIONS[self.config["head_activation"]](out)
        if self.config["projection_size"]:
            out = self.projection(out)
        return self.linear(out), state


def load(folder):
    """Returns the network in a folder, in evaluation mode, and the list of its characters by token id."""
    folder = pathlib.Path(folder)
    network = CharGru(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    tensors = load_file(folder / "model.safetensors")
    if network.config["tied"]:
        tensors["linear.weight"] = tensors["embedding.weight"]
    network.load_state_dict(tensors, strict=True)
    characters = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))["characters"]
    return network.eval(), characters


@torch.no_grad()
def generate(network, characters, prompt, length, temperature):
    """Yields characters one by one. An id without a character, the unknown entry, is never chosen."""
    ids = torch.tensor([[characters.index(character) for character in prompt]])
    state = None
    for _ in range(length):
        logits, state = network(ids, state)
        logits = logits[0, -1, :len(characters)]
        choice = logits.argmax() if temperature == 0 else torch.multinomial((logits / temperature).softmax(0), 1)
        ids = choice.reshape(1, 1)
        yield characters[choice.item()]


def main():
    parser = argparse.ArgumentParser(description="Generates a text with the weights in the folder of this file.")
    parser.add_argument("prompt", nargs="?", help="the beginning of the text; each character must be known")
    parser.add_argument("--length", type=int, default=500)
    parser.add_argument("--temperature", type=float, default=0.8, help="0 for the most likely character")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    if options.temperature < 0:
        parser.error(f"--temperature is {options.temperature}; it must be 0 or larger")
    network, characters = load(pathlib.Path(__file__).parent)
    prompt = options.prompt or next(c for c in ("\n", " ", characters[0]) if c in characters)
    unknown = sorted(set(prompt) - set(characters))
    if unknown:
        parser.error(f"the prompt has characters that the network does not know: {unknown}")
    if options.seed is not None:
        torch.manual_seed(options.seed)
    print(prompt, end="")
    for character in generate(network, characters, prompt, options.length, options.temperature):
        print(character, end="", flush=True)
    print()


if __name__ == "__main__":
    main()
