package folio.benchmark;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.model.sampling.SamplingParameters;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/** Streams that are read on the engine's own threads, as soon as there is something. */
final class EngineLoad {
  /** More than any window takes, so that no stream ends inside one. */
  static final int MAX_TOKENS = 100_000_000;

  private static final long FIRST_CHARACTER_MINUTES = 5;

  private final EngineUnderTest engine;
  private final String prompt;
  private final LongAdder characters = new LongAdder();
  private final AtomicReference<GenerationEvent> ended = new AtomicReference<>();

  EngineLoad(EngineUnderTest engine, String prompt) {
    this.engine = engine;
    this.prompt = prompt;
  }

  /**
   * Measures, in this process.
   *
   * @throws BenchmarkException if a stream ended
   */
  Figures measure(int streams, Side.Window window) throws InterruptedException {
    CountDownLatch started = new CountDownLatch(streams);
    List<GenerationStream> open =
        IntStream.range(0, streams).mapToObj(seed -> open(seed, started)).toList();
    try {
      if (!started.await(FIRST_CHARACTER_MINUTES, TimeUnit.MINUTES)) {
        throw new BenchmarkException(started.getCount() + " streams had no first character");
      }
      Pause.of(window.warmUp());
      ProcessSample before = ProcessSample.of(ProcessHandle.current().pid());
      characters.reset();
      long begin = System.nanoTime();
      Pause.of(window.measured());
      double perSecond = characters.sum() / ((System.nanoTime() - begin) / 1e9);
      Usage usage = ProcessSample.of(ProcessHandle.current().pid()).since(before);
      if (ended.get() != null) {
        throw new BenchmarkException("a stream ended: " + ended.get());
      }
      return new Figures(perSecond, null, usage);
    } finally {
      open.forEach(GenerationStream::cancel);
      engine.awaitIdle();
      ended.set(null); // as cancelled
    }
  }

  private GenerationStream open(int seed, CountDownLatch started) {
    GenerationStream stream =
        engine.submit(
            GenerationRequest.builder(prompt, MAX_TOKENS)
                .sampling(SamplingParameters.DEFAULT.withTemperature(BenchmarkCommand.TEMPERATURE))
                .seed(seed)
                .build());
    stream.started().whenComplete((fact, rejection) -> started.countDown());
    stream.onReadable(() -> read(stream));
    return stream;
  }

  private void read(GenerationStream stream) {
    GenerationEvent event = stream.poll();
    while (event != null) {
      if (event instanceof GenerationEvent.Text text) {
        characters.add(text.text().codePointCount(0, text.text().length()));
      } else {
        ended.compareAndSet(null, event);
      }
      event = stream.poll();
    }
  }
}
