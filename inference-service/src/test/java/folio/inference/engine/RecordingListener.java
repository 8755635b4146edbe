package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Rejection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Records the events of an engine whose iterations run on one thread. */
final class RecordingListener implements EngineListener {
  final List<Rejection> rejections = new ArrayList<>();
  final List<FinishReason> finished = new ArrayList<>();

  /** The number of sequences of each step. */
  final List<Integer> batches = new ArrayList<>();

  /** The number of generations of each failure. */
  final List<Integer> failures = new ArrayList<>();

  int promptTokens;

  /** The number of tokens that steps and prefill passes wrote. */
  int characters;

  int failed() {
    return failures.stream().mapToInt(generations -> generations).sum();
  }

  @Override
  public void rejected(Rejection rejection) {
    rejections.add(rejection);
  }

  @Override
  public void admitted(Duration queued, int tokens) {
    promptTokens += tokens;
  }

  @Override
  public void firstToken(Duration sinceArrival, boolean stepped) {
    characters += stepped ? 0 : 1;
  }

  @Override
  public void stepped(int slots, int written, Duration step) {
    batches.add(slots);
    characters += written;
  }

  @Override
  public void finished(FinishReason reason, GenerationEvent.Finished event) {
    finished.add(reason);
  }

  @Override
  public void failed(int generations, Throwable cause) {
    failures.add(generations);
  }
}
