package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.model.sampling.SamplingParameters;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionQueueTest {
  private final AdmissionQueue queue = new AdmissionQueue(2, 3);

  private static Waiting waiting(int maxTokens) {
    GenerationRequest request =
        new GenerationRequest(
            "a", maxTokens, SamplingParameters.DEFAULT, 1, List.of(), -1, false, "current");
    return new Waiting(request, new GenerationStream(), 0);
  }

  private void fill() {
    for (int i = 1; i <= 5; i++) {
      assertThat(queue.offer(waiting(i))).isTrue();
    }
  }

  @Test
  void rejectsWhenFull() {
    fill();

    assertThat(queue.offer(waiting(6))).isFalse();
    assertThat(queue.size()).isEqualTo(5);
  }

  @Test
  void whatRunsStillCounts() {
    fill();
    assertThat(queue.poll()).isNotNull();
    assertThat(queue.offer(waiting(6))).isFalse();
    queue.running(0);
    assertThat(queue.offer(waiting(6))).isTrue();
  }

  @Test
  void isFirstComeFirstServed() {
    fill();
    queue.removeIf(each -> each.request().maxTokens() == 2);

    assertThat(queue.poll().request().maxTokens()).isEqualTo(1);
    assertThat(queue.poll().request().maxTokens()).isEqualTo(3);
  }
}
