package folio.inference.api.generate;

import folio.inference.api.http.ClientName;
import folio.inference.engine.InferenceEngine;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.GenerationStream.Started;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.generation.RequestGroup;
import folio.inference.generation.TokenLogprob;
import folio.model.sampling.OutOfRangeException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * A service that submits the generations of HTTP requests to the engine and cancels them when their
 * client disconnects.
 */
@Singleton
public final class GenerationService {
  /** The largest number of choices per prompt. */
  private static final int MAX_CHOICES = 16;

  private final InferenceEngine engine;
  private final GenerationLimits limits;
  private final GenerationTracer tracer;

  /** Creates a service that checks requests against {@code limits} and runs them on an engine. */
  GenerationService(InferenceEngine engine, GenerationLimits limits, GenerationTracer tracer) {
    this.engine = engine;
    this.limits = limits;
    this.tracer = tracer;
  }

  /**
   * The complete result of a generation.
   *
   * @param logprobs the entries of the prompt's characters, then of the generated ones, as far as
   *     the request asks for them
   */
  public record Completed(String text, List<TokenLogprob> logprobs, GenerationEvent.Finished end) {}

  /**
   * Queues a request. It is cancelled when the HTTP request ends or its client disconnects.
   *
   * @param streams whether the client reads the text while it is generated
   * @throws OutOfRangeException naming the field that exceeds a limit
   * @throws RejectedException if the engine rejects the request
   */
  GenerationStream submit(GenerationRequest request, boolean streams, RoutingContext http) {
    ResponseFacts response = ResponseFacts.of(http, streams);
    return submit(List.of(RequestGroup.of(request)), response, http).get(0);
  }

  /**
   * Queues all requests or none. They are cancelled when the HTTP request ends or its client
   * disconnects.
   *
   * @param groups up to {@link #maxChoices} requests each, up to {@link #maxRequests} together
   * @param response for the trace
   * @return one stream per request, in the order of the groups
   * @throws OutOfRangeException naming the field that exceeds a limit
   * @throws RejectedException if the engine rejects the requests
   */
  public List<GenerationStream> submit(
      List<RequestGroup> groups, ResponseFacts response, RoutingContext http) {
    groups.forEach(group -> group.requests().forEach(limits::check));
    String client = ClientName.of(http);
    List<GenerationStream> streams =
        engine.submit(groups.stream().map(group -> group.from(client)).toList());
    tracer.follow(groups, streams, response);
    Context context = Vertx.currentContext();
    Runnable disconnect = () -> context.runOnContext(nothing -> http.response().reset());
    streams.forEach(stream -> stream.onDisconnect(disconnect));
    // The handler also runs when the client disconnects while the request is queued.
    http.addEndHandler(end -> streams.forEach(GenerationStream::cancel));
    return streams;
  }

  /** Returns the largest number of requests that the engine runs and queues at the same time. */
  public int maxRequests() {
    return engine.maxRequests();
  }

  /** Returns the largest number of requests that can share a prompt. */
  public int maxChoices() {
    return Math.min(MAX_CHOICES, engine.maxGroupSize());
  }

  /** Emits the facts known with the first character; fails if the engine rejects the request. */
  static Uni<Started> started(GenerationStream stream) {
    return allStarted(List.of(stream));
  }

  /**
   * Emits the facts about the first stream when every stream has its first character; fails as soon
   * as the engine rejects one of the requests.
   */
  public static Uni<Started> allStarted(List<GenerationStream> streams) {
    return onEventLoop(all(streams, GenerationStream::started))
        .onFailure(CompletionException.class)
        .transform(Throwable::getCause)
        .map(done -> streams.get(0).started().toCompletableFuture().join());
  }

  /** Emits the complete result at the end; fails if the engine rejects the request. */
  static Uni<Completed> completed(GenerationStream stream) {
    return allCompleted(List.of(stream)).map(all -> all.get(0));
  }

  /** Emits all complete results at the end; fails if the engine rejects one of the requests. */
  public static Uni<List<Completed>> allCompleted(List<GenerationStream> streams) {
    streams.forEach(GenerationStream::retain);
    return allStarted(streams)
        .chain(started -> onEventLoop(all(streams, GenerationStream::ended)))
        .map(ended -> streams.stream().map(GenerationService::collect).toList());
  }

  /**
   * Returns a stage that completes when the stages of all streams have, and fails with the first of
   * them. (Mutiny would log the failures of the others as dropped.)
   */
  @SuppressWarnings("FutureReturnValueIgnored") // the result carries every failure
  private static CompletionStage<Void> all(
      List<GenerationStream> streams, Function<GenerationStream, CompletionStage<?>> stage) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    CompletableFuture<?>[] stages =
        streams.stream()
            .map(stream -> stage.apply(stream).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    for (CompletableFuture<?> each : stages) {
      each.whenComplete(
          (done, failure) -> {
            if (failure != null) {
              result.completeExceptionally(failure);
            }
          });
    }
    CompletableFuture.allOf(stages).thenRun(() -> result.complete(null));
    return result;
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
      } else if (stream.abandoned()) {
        throw new RejectedException(new Rejection.OutOfMemory());
      } else {
        throw new IllegalStateException("the engine aborted the generation: " + event);
      }
    }
  }

  /** Moves the result of a stage from the worker's thread to the event loop of this request. */
  private static <T> Uni<T> onEventLoop(CompletionStage<T> stage) {
    Context context = Vertx.currentContext();
    return Uni.createFrom()
        .completionStage(stage)
        .emitOn(task -> context.runOnContext(nothing -> task.run()));
  }
}
