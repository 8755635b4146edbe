package folio.inference.api.generate;

import folio.inference.engine.InferenceEngine;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.GenerationStream.Started;
import folio.inference.generation.RejectedException;
import folio.inference.generation.TokenLogprob;
import folio.model.sampling.OutOfRangeException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Has the engine run what HTTP requests ask for, as long as their clients are there. */
@Singleton
public final class Generations {
  private static final int MAX_CHOICES = 16;

  private final InferenceEngine engine;
  private final GenerationLimits limits;

  /** With the engine and what the service accepts. */
  Generations(InferenceEngine engine, GenerationLimits limits) {
    this.engine = engine;
    this.limits = limits;
  }

  /**
   * Everything that came of a generation.
   *
   * @param logprobs of the prompt's characters, then of those that were written, as asked for
   */
  public record Completed(String text, List<TokenLogprob> logprobs, GenerationEvent.Finished end) {}

  /**
   * Queues a request, until the HTTP request ends or its client goes away.
   *
   * @throws OutOfRangeException naming the field that exceeds a limit
   * @throws RejectedException if the engine does not take it
   */
  GenerationStream submit(GenerationRequest request, RoutingContext http) {
    return submit(List.of(List.of(request)), http).get(0);
  }

  /**
   * The same for many, all or none; those of one list share a prompt and a model.
   *
   * @param groups up to {@link #maxChoices} in each, up to {@link #maxRequests} in all
   */
  public List<GenerationStream> submit(List<List<GenerationRequest>> groups, RoutingContext http) {
    groups.forEach(requests -> requests.forEach(limits::check));
    List<GenerationStream> streams = engine.submit(groups);
    GenerationTrace.follow(streams);
    // Runs at the end of the response and when the client goes away, also while it is queued.
    http.addEndHandler(end -> streams.forEach(GenerationStream::cancel));
    return streams;
  }

  /** Most requests that run and wait at once. */
  public int maxRequests() {
    return engine.maxRequests();
  }

  /** Most requests that can share a prompt. */
  public int maxChoices() {
    return Math.min(MAX_CHOICES, engine.maxGroupSize());
  }

  /** What is known with the first character; a refusal fails it. */
  public static Uni<Started> started(GenerationStream stream) {
    return onEventLoop(stream.started())
        .onFailure(CompletionException.class)
        .transform(Throwable::getCause);
  }

  /** The whole of it, once it has ended; a refusal fails it. */
  public static Uni<Completed> whole(GenerationStream stream) {
    return started(stream)
        .chain(started -> onEventLoop(stream.ended()))
        .map(ended -> collect(stream));
  }

  private static Completed collect(GenerationStream stream) {
    StringBuilder text = new StringBuilder();
    List<TokenLogprob> logprobs = new ArrayList<>();
    while (true) {
      GenerationEvent event = stream.poll();
      if (event instanceof GenerationEvent.Text part) {
        text.append(part.text());
        logprobs.addAll(part.logprobs());
      } else if (event instanceof GenerationEvent.Finished end) {
        return new Completed(text.toString(), logprobs, end);
      } else {
        throw new IllegalStateException("the engine gave the generation up: " + event);
      }
    }
  }

  /** What a lane completes goes on where the request began, not on the lane's thread. */
  private static <T> Uni<T> onEventLoop(CompletionStage<T> stage) {
    Context context = Vertx.currentContext();
    return Uni.createFrom()
        .completionStage(stage)
        .emitOn(task -> context.runOnContext(nothing -> task.run()));
  }
}
