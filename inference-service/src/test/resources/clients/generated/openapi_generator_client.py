"""Calls every endpoint with the Python client of openapi-generator: python openapi_generator_client.py ROOT KEY"""
import sys

import folio_client as folio

root, key = sys.argv[1:]
client = folio.ApiClient(folio.Configuration(host=root, access_token=key))
generate, models, openai, score = (api(client) for api in (
    folio.GenerateApi, folio.ModelsApi, folio.OpenaiApi, folio.ScoreApi))


def rejected(kind, problem, call):
    try:
        call()
    except kind as error:
        return problem.from_json(error.body)
    raise AssertionError("the request was not rejected")


# Models, checkpoints, runs and parameters.
current = models.get_model("current")
assert current.version in [model.version for model in models.list_models()]
assert current.version in [checkpoint.version for checkpoint in models.list_checkpoints()]
assert models.list_activations()[-1].version == current.version
assert models.list_runs() == []
assert rejected(folio.exceptions.NotFoundException, folio.Problem, lambda: models.get_run("none")).reason == "unknown_run"
assert generate.list_parameters()["temperature"].maximum == 2
unknown = rejected(folio.exceptions.NotFoundException, folio.Problem, lambda: models.get_model("none"))
assert unknown.reason == "unknown_model"

# The answer and the streams of a request have the same text.
request = folio.GenerateRequest(prompt="ROMEO:", max_tokens=20, seed=7, stop=None)
answer = generate.generate(x_request_id="generated", generate_request=request)
assert len(answer.text) == 20 and answer.seed == 7 and answer.usage.total_tokens == 26


def stream(accept):
    response = generate.generate_without_preload_content(generate_request=request, _headers={"Accept": accept})
    assert response.status == 200 and response.headers["Content-Type"].startswith(accept)
    return response.read().decode()


assert stream("text/plain") == answer.text
lines = [folio.GenerateEvent.from_json(line) for line in stream("application/x-ndjson").splitlines()]
assert "".join(event.text for event in lines) == answer.text and lines[-1].finish_reason == "length"
events = [line.removeprefix("data: ") for line in stream("text/event-stream").splitlines() if line]
assert events.pop() == "[DONE]"
assert "".join(folio.GenerateEvent.from_json(event).text for event in events) == answer.text
assert generate.generate().usage.completion_tokens == 256, "no body"
invalid = rejected(folio.exceptions.BadRequestException, folio.Problem,
                   lambda: generate.generate(generate_request=folio.GenerateRequest.model_construct(temperature=9)))
assert (invalid.var_field, invalid.reason) == ("temperature", "out_of_range")

# A score.
scored = score.score(folio.ScoreRequest(text="ROMEO:", top=2))
assert len(scored.tokens) == 6 and scored.tokens[0].logprob is None and len(scored.tokens[5].top) == 2

# OpenAI's routes: a text, a list of texts, log-probabilities with null, and a stream.
assert openai.list_open_ai_models().data[0].id == "current"
assert openai.get_open_ai_model("current").object == "model"
one = openai.create_completion(folio.CompletionRequest(
    prompt=folio.CompletionRequestPrompt("ROMEO:"), max_tokens=20, seed=7, echo=True, logprobs=1))
assert one.choices[0].text == "ROMEO:" + answer.text and one.choices[0].logprobs.token_logprobs[0] is None
two = openai.create_completion(folio.CompletionRequest(prompt=folio.CompletionRequestPrompt(["A", "B"])))
assert len(two.choices) == 2 and two.choices[0].logprobs is None
streamed = openai.create_completion_without_preload_content(
    folio.CompletionRequest(prompt=folio.CompletionRequestPrompt("A"), stream=True))
text = streamed.read().decode()
assert text.startswith("data: {") and text.endswith("data: [DONE]\n\n"), text
missing = rejected(folio.exceptions.NotFoundException, folio.OpenAiError, lambda: openai.get_open_ai_model("none"))
assert missing.error.code == "model_not_found"

# A request without a key.
keyless = folio.ModelsApi(folio.ApiClient(folio.Configuration(host=root)))
assert rejected(folio.exceptions.UnauthorizedException, folio.Problem, keyless.list_models).status == 401
