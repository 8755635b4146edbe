#!/usr/bin/env python3
"""What a user would write instead: PyTorch and FastAPI around one checkpoint, one generation a request.

    pip install -r requirements.txt      (or Debian's python3-torch python3-fastapi python3-uvicorn)
    python3 peer.py checkpoints/VERSION --port 8090 [--device cuda] [--threads 2]

POST /generate {"prompt","max_tokens","temperature","seed"} streams `data: {"text": "…"}` events, one a character.
It reads config.json, vocabulary.json and model.safetensors of the checkpoint directory and stops with a clear
error where a name or a shape is not what the residual or the plain network has. Used as the other side of every
throughput comparison: the same checkpoint, the same machine, the same run.
"""
import argparse
import json
import pathlib

import numpy
import torch
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from torch import nn

DTYPES = {"F32": numpy.float32, "F16": numpy.float16}


def read_safetensors(path):
    raw = pathlib.Path(path).read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header, body = json.loads(raw[8:8 + size]), raw[8 + size:]
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(numpy.frombuffer(body[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]])
                                   .reshape(entry["shape"]).astype(numpy.float32).copy())
            for name, entry in header.items()}


class Plain(nn.Module):
    def __init__(self, vocabulary, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.gru = nn.GRU(hidden, hidden, layers, batch_first=True)
        self.linear = nn.Linear(hidden, vocabulary)

    def forward(self, ids, state=None):
        out, state = self.gru(self.embedding(ids), state)
        return self.linear(torch.relu(out)), state


class Residual(nn.Module):
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


def load(directory, device):
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
    unlike = {key: config.get(key) for key, value in expected.items() if config.get(key, value) != value}
    if unlike:
        raise SystemExit(f"config.json asks for {unlike}, which this peer does not have")
    network.load_state_dict(tensors, strict=True)
    characters = json.loads((pathlib.Path(directory) / "vocabulary.json").read_text(encoding="utf-8"))["characters"]
    if len(characters) != vocabulary:
        raise SystemExit(f"vocabulary.json has {len(characters)} characters, embedding.weight {vocabulary} rows")
    return network.to(device).eval(), list(characters)


def application(network, characters, device):
    app, index = FastAPI(), {character: i for i, character in enumerate(characters)}

    @torch.no_grad()
    def characters_of(request):
        random = torch.Generator().manual_seed(int(request.get("seed", 0)))
        temperature = float(request.get("temperature", 1.0))
        ids = torch.tensor([[index[c] for c in request.get("prompt") or "\n"]], device=device)
        state = None
        for _ in range(int(request.get("max_tokens", 256))):
            logits, state = network(ids, state)
            last = logits[0, -1].float().cpu()
            token = int(last.argmax()) if temperature == 0 else int(
                torch.multinomial(torch.softmax(last / temperature, -1), 1, generator=random))
            ids = torch.tensor([[token]], device=device)
            yield "data: " + json.dumps({"text": characters[token]}) + "\n\n"
        yield "data: [DONE]\n\n"

    @app.post("/generate")
    def generate(request: dict):
        return StreamingResponse(characters_of(request), media_type="text/event-stream")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    loaded, alphabet = load(options.checkpoint, options.device)
    uvicorn.run(application(loaded, alphabet, options.device), host="127.0.0.1", port=options.port, log_level="warning")
