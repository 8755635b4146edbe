package folio.trainer.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.UnknownCharacterException;
import folio.trainer.evaluation.StopFilter;
import folio.trainer.evaluation.TextGenerator;
import folio.trainer.evaluation.TrainedModel;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * A network in this process that answers requests. Texts are generated one at a time, so that none
 * depends on another.
 */
public final class LocalHandler implements RequestHandler {
  private final SecureRandom seeds = new SecureRandom();
  private final TextGenerator generator;
  private final TrainedModel model;
  private final String version;

  /**
   * Creates a handler.
   *
   * @param model the checkpoint's network
   * @param version the checkpoint's version
   */
  public LocalHandler(TrainedModel model, String version) {
    this.generator = new TextGenerator(model);
    this.model = model;
    this.version = version;
  }

  /**
   * Checks that requests can be answered in this process.
   *
   * @param version the version of the checkpoint
   * @throws BatchException naming the first line with a field that is unknown, has the wrong type,
   *     needs a service, or names another model
   */
  public static void check(List<BatchRequest> requests, String version) {
    for (BatchRequest request : requests) {
      String model = LocalBody.of(request).model();
      if (model != null && !model.equals("current") && !model.equals(version)) {
        throw new BatchException(
            request.place()
                + ": model is "
                + model
                + ", but the checkpoint is "
                + version
                + "; name a service with --url");
      }
    }
  }

  @Override
  public synchronized Answer answer(BatchRequest request) {
    LocalBody body = LocalBody.of(request);
    try {
      return new Answer(false, generate(body));
    } catch (OutOfRangeException e) {
      return Answer.rejected("out_of_range", e.field(), e.getMessage());
    } catch (UnknownCharacterException e) {
      String detail = "prompt: " + e.getMessage() + " of " + version;
      return Answer.rejected("unknown_character", "prompt", detail);
    }
  }

  private ObjectNode generate(LocalBody body) {
    List<String> stops = new ArrayList<>(body.stops());
    if (model.documentSeparator() != null && !Boolean.TRUE.equals(body.ignoreEos())) {
      stops.add(model.documentSeparator());
    }
    int[] start =
        generator.promptOrDefault(body.prompt() == null ? "" : body.prompt(), body.unknown());
    long seed = body.seedOr(SeededRandom.chooseSeed(seeds));
    TextGenerator.Request request =
        new TextGenerator.Request(start, body.length(), body.sampling(), seed);
    StringBuilder text = new StringBuilder();
    StopFilter filter = new StopFilter(stops, text::append);
    int[] generated = {0};
    boolean stopped =
        generator.generateUntil(
            request,
            codePoint -> {
              generated[0]++;
              boolean abandoned = Thread.currentThread().isInterrupted();
              return filter.test(codePoint) || abandoned;
            });
    filter.end();
    if (Boolean.TRUE.equals(body.echo())) {
      text.insert(0, model.vocabulary().decode(start));
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("text", text.toString());
    answer.put("finish_reason", stopped ? "stop" : "length");
    answer.put("model_version", version);
    answer.put("seed", seed);
    answer
        .putObject("usage")
        .put("prompt_tokens", start.length)
        .put("completion_tokens", generated[0])
        .put("total_tokens", start.length + generated[0]);
    return answer;
  }
}
