package folio.trainer.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The answer to a request.
 *
 * @param failed whether the body is a problem document, not a text
 * @param body the JSON object of {@code POST /generate}
 */
record Answer(boolean failed, JsonNode body) {
  private static final int BAD_REQUEST = 400;

  /** Returns the answer to a request that is illegal, as the service words it. */
  static Answer rejected(String reason, String field, String detail) {
    ObjectNode problem = JsonNodeFactory.instance.objectNode();
    problem.put("status", BAD_REQUEST);
    problem.put("detail", detail);
    problem.put("reason", reason);
    problem.put("field", field);
    return new Answer(true, problem);
  }

  /** Returns the number of generated characters. */
  long characters() {
    return body.path("usage").path("completion_tokens").asLong();
  }
}
