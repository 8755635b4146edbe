"""Tests a running service with the official openai package: python openai_client.py http://127.0.0.1:PORT"""
import sys
import threading
import urllib.request

import openai

root = sys.argv[1]
client = openai.OpenAI(base_url=root + "/v1", api_key="none", max_retries=0, timeout=60)
create = client.completions.create


def metric(name):
    page = urllib.request.urlopen(root + "/metrics").read().decode()
    return float(next(line for line in page.splitlines() if line.startswith(name + " ")).split()[-1])


def wait_until(state, condition):
    gate = threading.Event()
    for _ in range(12000):
        if condition():
            return
        gate.wait(0.005)
    raise AssertionError("deadline, waiting until " + state)


def rejected(kind, status, param, **arguments):
    try:
        create(**arguments)
    except kind as error:
        assert error.status_code == status, error
        assert error.param == param, (error.param, param)
        assert param is None or param in error.message, error.message
        return error
    raise AssertionError(f"{arguments} was not rejected")


# Models.
names = [model.id for model in client.models.list()]
assert names[0] == "current" and len(names) == 2, names
assert client.models.retrieve("current").owned_by == "folio"

# A completed answer.
one = create(model="current", prompt="ROMEO:", max_tokens=40, seed=7, temperature=0.8)
assert one.object == "text_completion" and one.model == names[1] and len(one.choices) == 1
assert len(one.choices[0].text) == 40 and one.choices[0].finish_reason == "length"
assert (one.usage.prompt_tokens, one.usage.completion_tokens, one.usage.total_tokens) == (6, 40, 46)
assert create(model="current", prompt="ROMEO:").usage.completion_tokens == 16, "OpenAI's default"

# A stream has the same text and usage.
events = list(create(model="current", prompt="ROMEO:", max_tokens=40, seed=7, temperature=0.8, stream=True,
                     stream_options={"include_usage": True}))
assert "".join(choice.text for event in events for choice in event.choices) == one.choices[0].text
assert [event.choices[0].finish_reason for event in events[:-1]][-1] == "length"
assert events[-1].choices == [] and events[-1].usage.total_tokens == 46
assert all(event.usage is None for event in events[:-1])
assert len({event.id for event in events}) == 1

# Choice i of prompt p is the text that seed + p * n + i gives.
three = create(model="current", prompt="ROMEO:", max_tokens=40, seed=6, temperature=0.8, n=3)
assert [choice.index for choice in three.choices] == [0, 1, 2]
assert len({choice.text for choice in three.choices}) == 3
assert three.choices[1].text == one.choices[0].text
assert (three.usage.prompt_tokens, three.usage.completion_tokens) == (6, 120)
texts = {}
for event in create(model="current", prompt="ROMEO:", max_tokens=40, seed=6, temperature=0.8, n=3, stream=True):
    for choice in event.choices:
        texts[choice.index] = texts.get(choice.index, "") + choice.text
assert [texts[i] for i in range(3)] == [choice.text for choice in three.choices]
two = create(model="current", prompt=["ROMEO:", "JULIET:"], max_tokens=5, n=2, seed=1)
assert len(two.choices) == 4 and two.usage.prompt_tokens == 13
assert all(choice.model_version == two.model for choice in two.choices)
assert [choice.seed for choice in two.choices] == [1, 2, 3, 4]
same = create(model="current", prompt=["A"] * 3, max_tokens=40, n=2, best_of=2)
assert len({choice.text for choice in same.choices}) == 6

# The service withholds a possible stop text until it is complete or ruled out, so no part of it is ever sent.
stop = one.choices[0].text[10:14]
cut = create(model="current", prompt="ROMEO:", max_tokens=40, seed=7, temperature=0.8, stop=stop, stream=True)
pieces = [choice for event in cut for choice in event.choices]
text = one.choices[0].text
assert "".join(piece.text for piece in pieces) == text[:text.index(stop)]
assert pieces[-1].finish_reason == "stop"

# Log-probabilities of the prompt and of the generated text.
echoed = create(model="current", prompt="ROMEO:", max_tokens=4, seed=7, echo=True, logprobs=2)
lists = echoed.choices[0].logprobs
assert "".join(lists.tokens) == echoed.choices[0].text and lists.tokens[:6] == list("ROMEO:")
assert lists.text_offset == list(range(10))
assert lists.token_logprobs[0] is None and all(value <= 0 for value in lists.token_logprobs[1:])
assert lists.top_logprobs[0] is None and all(len(top) in (2, 3) for top in lists.top_logprobs[1:])
assert all(token in top for token, top in zip(lists.tokens[1:], lists.top_logprobs[1:])), "the chosen character is listed"
scored = create(model="current", prompt="ROMEO:", max_tokens=0, echo=True, logprobs=0)
assert scored.choices[0].text == "ROMEO:" and scored.usage.completion_tokens == 0
assert scored.choices[0].logprobs.token_logprobs == lists.token_logprobs[:6]
parts = [choice.logprobs for event in create(model="current", prompt="ROMEO:", max_tokens=4, seed=7, logprobs=2,
                                             stream=True) for choice in event.choices if choice.logprobs]
assert [value for part in parts for value in part.token_logprobs] == lists.token_logprobs[6:]
assert [offset for part in parts for offset in part.text_offset] == [6, 7, 8, 9]

# An error of each kind.
rejected(openai.BadRequestError, 400, "temperature", model="current", prompt="a", temperature=9)
rejected(openai.BadRequestError, 400, "prompt", model="current", prompt="caf\u00e9")
rejected(openai.BadRequestError, 400, "prompt[0]", model="current", prompt=[5, 6])
rejected(openai.BadRequestError, 400, "max_tokens", model="current", prompt="a", max_tokens=0)
rejected(openai.BadRequestError, 400, "n", model="current", prompt="a", n=17)
rejected(openai.BadRequestError, 400, "logprobs", model="current", prompt=["a" * 10000] * 16, n=16, echo=True, logprobs=20,
        max_tokens=0)
rejected(openai.BadRequestError, 400, "n", model="current", prompt=["a"] * 16, n=16)
rejected(openai.BadRequestError, 400, "prompt", model="current", prompt=["a", None])
rejected(openai.BadRequestError, 400, "suffix", model="current", prompt="a", suffix="b")
rejected(openai.BadRequestError, 400, "best_of", model="current", prompt="a", best_of=2)
rejected(openai.BadRequestError, 400, "logit_bias", model="current", prompt="a", logit_bias={"50256": -100})
rejected(openai.BadRequestError, 400, "frequency_penalty", model="current", prompt="a", frequency_penalty=0.5)
rejected(openai.BadRequestError, 400, "presence_penalty", model="current", prompt="a", presence_penalty=-0.5)
rejected(openai.BadRequestError, 400, "prediction", model="current", prompt="a", extra_body={"prediction": 1})
unknown = rejected(openai.NotFoundError, 404, "model", model="gpt-3.5-turbo-instruct", prompt="a")
assert unknown.code == "model_not_found" and unknown.type == "invalid_request_error"
rejected(openai.APIStatusError, 413, "the body", model="current", prompt="a" * 2_000_000)
try:
    client.models.retrieve("nothing")
    raise AssertionError("the service returned an unknown model")
except openai.NotFoundError as error:
    assert error.code == "model_not_found"
try:
    client.chat.completions.create(model="current", messages=[])
    raise AssertionError("the service answered a chat request")
except openai.NotFoundError as error:
    assert error.type == "invalid_request_error" and error.code == "no_chat" and "/v1/completions" in error.message

# A full queue gives a 429; a client that disconnects frees its slots.
streams = [create(model="current", prompt="a", max_tokens=10000, n=n, stream=True) for n in (16, 16, 4, 4)]
assert metric("folio_requests_running") == 40


def wait_for_a_slot():
    with create(model="current", prompt="a", max_tokens=10000, n=8, stream=True) as late:
        next(iter(late))


waiting = threading.Thread(target=wait_for_a_slot)
waiting.start()
wait_until("eight requests wait", lambda: metric("folio_requests_waiting") == 8)
full = rejected(openai.RateLimitError, 429, None, model="current", prompt="a")
assert full.code == "queue_full" and int(full.response.headers["retry-after"]) >= 1
for stream in streams:
    next(iter(stream))
    stream.close()
waiting.join()
wait_until("no request runs", lambda: metric("folio_requests_running") == 0)
print("openai", openai.__version__)
