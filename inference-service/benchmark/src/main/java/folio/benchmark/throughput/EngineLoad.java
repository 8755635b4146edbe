package folio.benchmark.throughput;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.Pause;
import folio.benchmark.process.ProcessSample;
import folio.benchmark.process.ProcessUsage;
import folio.benchmark.report.WindowResult;
import folio.benchmark.subject.InProcessEngine;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * A load of concurrent streams on an engine in this process. The engine's own threads read each
 * stream as soon as it has text. One thread calls {@link #measure}.
 */
public final class EngineLoad {
  private static final long FIRST_CHARACTER_LIMIT_MINUTES = 5;

  private final InProcessEngine engine;
  private final StreamRequest request;

  /**
   * The output of the streams of one measurement. The last event of a cancelled stream may come
   * after the next measurement has begun, so each measurement has its own.
   */
  private static final class Received {
    final LongAdder characters = new LongAdder();

    /** The event that ended a stream first, or null while no stream has ended. */
    final AtomicReference<GenerationEvent> ended = new AtomicReference<>();

    void read(GenerationStream stream) {
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

  /** Creates a load whose streams all send the same request, each with its own seed. */
  public EngineLoad(InProcessEngine engine, StreamRequest request) {
    this.engine = engine;
    this.request = request;
  }

  /**
   * Measures the engine.
   *
   * @throws BenchmarkException if a stream ends or does not start
   */
  WindowResult measure(int streams, Window window) throws InterruptedException {
    CountDownLatch started = new CountDownLatch(streams);
    Received received = new Received();
    List<GenerationStream> open =
        IntStream.range(0, streams).mapToObj(seed -> open(seed, started, received)).toList();
    try {
      if (!started.await(FIRST_CHARACTER_LIMIT_MINUTES, TimeUnit.MINUTES)) {
        throw new BenchmarkException(started.getCount() + " streams had no first character");
      }
      Pause.sleep(window.warmUp());
      ProcessSample before = ProcessSample.of(ProcessHandle.current().pid());
      received.characters.reset();
      long begin = System.nanoTime();
      Pause.sleep(window.measured());
      double perSecond = received.characters.sum() / ((System.nanoTime() - begin) / 1e9);
      ProcessUsage usage = ProcessSample.of(ProcessHandle.current().pid()).since(before);
      if (received.ended.get() != null) {
        throw new BenchmarkException("a stream ended: " + received.ended.get());
      }
      return new WindowResult(perSecond, null, usage);
    } finally {
      open.forEach(GenerationStream::cancel);
      engine.awaitIdle();
    }
  }

  private GenerationStream open(int seed, CountDownLatch started, Received received) {
    GenerationStream stream = engine.submit(request.generationRequest(seed));
    stream.started().whenComplete((fact, rejection) -> started.countDown());
    stream.onReadable(() -> received.read(stream));
    return stream;
  }
}
