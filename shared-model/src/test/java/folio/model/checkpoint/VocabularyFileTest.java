package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of {@code vocabulary.json}. */
class VocabularyFileTest {
  private static Vocabulary read(String json) {
    return CheckpointJson.readVocabulary(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theUnknownEntrySurvivesWritingAndReading() {
    Vocabulary vocabulary = Vocabulary.of("ab\ufffd").withUnknownEntry();
    byte[] file = CheckpointJson.write(vocabulary);

    assertThat(new String(file, StandardCharsets.UTF_8)).contains("\"unknown_id\" : 3");
    assertThat(CheckpointJson.readVocabulary(file)).isEqualTo(vocabulary);
  }

  @Test
  void aFileWithoutTheEntryHasOnlyTheFieldsOfEarlierReleases() {
    byte[] file = CheckpointJson.write(Vocabulary.of("ab"));

    assertThat(new String(file, StandardCharsets.UTF_8))
        .isEqualToIgnoringWhitespace("{\"format\": 1, \"characters\": [\"a\", \"b\"]}");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 3})
  void theUnknownEntryHasTheLastId(int id) {
    assertThatThrownBy(
            () ->
                read("{\"format\": 1, \"characters\": [\"a\", \"b\"], \"unknown_id\": " + id + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            "vocabulary.json: unknown_id is " + id + "; it must be 2, the number of characters");
  }
}
