package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineTrialTest {
  private static final int BATCH_SLOTS = 128;
  private static final int SLOTS = 256;

  private final FakeKernel kernel = new FakeKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  private FusedModel model() {
    return kernel.modelWithPipeline(BATCH_SLOTS, SLOTS);
  }

  private static void run(FusedModel model) {
    PipelineTrial.run(model, CudaStream.standard(Device.cpu()));
  }

  /** A large batch has 128 slots, so more streams than that are not compared. */
  @ParameterizedTest
  @CsvSource({"0, 16", "16, 32", "64, 128", "128, 129"})
  void thePipelineDecodesTheNumbersOfStreamsForWhichItIsFaster(int slowUpTo, int from) {
    kernel.nanos =
        (function, streams) ->
            function.equals("decodePipeline") == streams <= slowUpTo ? 2_000_000 : 1_000_000;
    try (FusedModel model = model()) {
      run(model);

      assertThat(model.slots()).isEqualTo(SLOTS);
      assertThat(model.form(from).blocks()).isEqualTo(kernel.pipeline.blocks());
      assertThat(model.form(from - 1).blocks()).isEqualTo(kernel.layout.blocks());
      assertThat(model.largestOfEachForm()).containsExactly(8, from - 1, SLOTS);
    }
  }

  @Test
  void rejectsAPipelineThatGeneratesAnotherText() {
    kernel.pipelineError = 1;
    try (FusedModel model = model()) {
      assertThatThrownBy(() -> run(model))
          .isInstanceOf(CudaException.class)
          .hasMessage("the pipeline generates another text for 128 streams");
    }
  }

  /** It would decode no number of streams that a batch does not. */
  @Test
  void dropsAPipelineThatIsNeverFaster() {
    kernel.nanos = (function, streams) -> function.equals("decodePipeline") ? 2_000 : 1_000;
    try (FusedModel model = kernel.modelWithPipeline(BATCH_SLOTS, BATCH_SLOTS)) {
      int allocations = kernel.driver.allocations();
      run(model);

      assertThat(model.pipelineLayout()).isEmpty();
      assertThat(model.slots()).isEqualTo(BATCH_SLOTS);
      assertThat(kernel.driver.allocations()).as("without its weights").isEqualTo(allocations - 1);
      assertThat(kernel.driver.modules()).isEqualTo(1);
    }
  }

  @Test
  void rejectsAPipelineThatCannotBeCompared() {
    try (FusedModel model = kernel.modelWithPipeline(8, SLOTS)) {
      assertThatThrownBy(() -> run(model))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("too few slots");
    }
  }

  @Test
  void decodesNothingByThePipelineBeforeTheTrial() {
    try (FusedModel model = model()) {
      assertThat(model.slots()).isEqualTo(BATCH_SLOTS);
      assertThat(model.largestOfEachForm()).containsExactly(8, BATCH_SLOTS);
    }
  }

  /** Streams of a pipeline join, leave and resume as those of a batch do. */
  @Test
  void generatesTheSameTextsInAPipelineAsInABatch() {
    try (FusedModel model = model()) {
      List<int[]> batch = texts(model, Integer.MAX_VALUE);

      assertThat(texts(model, 1)).usingRecursiveComparison().isEqualTo(batch);
    }
  }

  private List<int[]> texts(FusedModel model, int pipelineFrom) {
    model.decodeByPipelineFrom(pipelineFrom);
    List<int[]> texts = new ArrayList<>();
    try (FusedStreams streams = new FusedStreams(model, CudaStream.standard(Device.cpu()))) {
      List<FakeStream> running = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        FakeStream stream = new FakeStream(i);
        kernel.join(streams, stream);
        running.add(stream);
      }
      streams.launch(running.stream().map(stream -> stream.plan(10)).toList(), 10);
      texts.addAll(List.of(streams.finish().ids()));
      streams.remove(3);
      running.set(3, running.remove(99));
      streams.launch(running.stream().map(stream -> stream.plan(7)).toList(), 7);
      texts.addAll(List.of(streams.finish().ids()));
    }
    return texts;
  }
}
