"""Calls every endpoint with the client of openapi-python-client: python openapi_python_client.py ROOT KEY

The generated code sends no Accept header, so the client sets the one for answers.
"""
import json
import sys

from folio_client import AuthenticatedClient, Client
from folio_client.api.generate import generate, list_parameters
from folio_client.api.models import get_model, get_run, list_activations, list_checkpoints, list_models, list_runs
from folio_client.api.openai import create_completion, get_open_ai_model, list_open_ai_models
from folio_client.api.score import score
from folio_client.models import CompletionRequest, GenerateAnswer, GenerateEvent, GenerateRequest, ScoreRequest
from folio_client.types import UNSET

root, key = sys.argv[1:]
json_only = {"Accept": "application/json"}
client = AuthenticatedClient(base_url=root, token=key, headers=dict(json_only))

# Models, checkpoints, runs and parameters.
current = get_model.sync("current", client=client)
assert current.version in [model.version for model in list_models.sync(client=client)]
assert current.version in [checkpoint.version for checkpoint in list_checkpoints.sync(client=client)]
assert list_activations.sync(client=client)[-1].version == current.version
assert list_runs.sync(client=client) == []
assert get_run.sync("none", client=client).reason == "unknown_run"
assert list_parameters.sync(client=client)["temperature"].maximum == 2
assert get_model.sync("none", client=client).reason == "unknown_model"

# The answer and the streams of a request have the same text.
request = GenerateRequest(prompt="ROMEO:", max_tokens=20, seed=7, stop=None)
answer = generate.sync(client=client, body=request, x_request_id="generated")
assert isinstance(answer, GenerateAnswer)
assert len(answer.text) == 20 and answer.seed == 7 and answer.usage.total_tokens == 26


def stream(path, body, accept):
    with client.get_httpx_client().stream("POST", path, json=body.to_dict(), headers={"Accept": accept}) as response:
        assert response.status_code == 200 and response.headers["Content-Type"].startswith(accept)
        return "".join(response.iter_text())


assert stream("/generate", request, "text/plain") == answer.text
lines = [GenerateEvent.from_dict(json.loads(line))
         for line in stream("/generate", request, "application/x-ndjson").splitlines()]
assert "".join(event.text for event in lines) == answer.text and lines[-1].finish_reason == "length"
events = [line.removeprefix("data: ")
          for line in stream("/generate", request, "text/event-stream").splitlines() if line]
assert events.pop() == "[DONE]"
assert "".join(GenerateEvent.from_dict(json.loads(event)).text for event in events) == answer.text
assert generate.sync(client=client, body=UNSET).usage.completion_tokens == 256, "no body"
invalid = generate.sync(client=client, body=GenerateRequest(temperature=9))
assert (invalid.field, invalid.reason) == ("temperature", "out_of_range")

# A score.
scored = score.sync(client=client, body=ScoreRequest(text="ROMEO:", top=2))
assert len(scored.tokens) == 6 and scored.tokens[0].logprob is UNSET and len(scored.tokens[5].top) == 2

# OpenAI's routes: a text, a list of texts, log-probabilities with null, and a stream.
assert list_open_ai_models.sync(client=client).data[0].id == "current"
assert get_open_ai_model.sync("current", client=client).object_ == "model"
one = create_completion.sync(client=client, body=CompletionRequest(
    prompt="ROMEO:", max_tokens=20, seed=7, echo=True, logprobs=1))
assert one.choices[0].text == "ROMEO:" + answer.text and one.choices[0].logprobs.token_logprobs[0] is None
two = create_completion.sync(client=client, body=CompletionRequest(prompt=["A", "B"]))
assert len(two.choices) == 2 and two.choices[0].logprobs is None
text = stream("/v1/completions", CompletionRequest(prompt="A", stream=True), "text/event-stream")
assert text.startswith("data: {") and text.endswith("data: [DONE]\n\n"), text
assert get_open_ai_model.sync("none", client=client).error.code == "model_not_found"

# A request without a key.
assert list_models.sync(client=Client(base_url=root, headers=dict(json_only))).status == 401
