package folio.trainer.run;

import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.Safetensors;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.publication.ResumeException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The options and the progress of a saved run, without its arrays.
 *
 * @param facts the options of the run by name, and its progress
 */
public record SavedRun(Map<String, String> facts) {
  /** The number of steps taken. */
  static final String STEP = "step";

  /** The identifier of the run. */
  static final String RUN = "run";

  /** The number of steps of the whole run. */
  static final String STEPS = "--steps";

  /** The corpus, as the user named it. */
  static final String CORPUS_NAME = "corpus";

  /** The option {@code --corpus}, if there was one that can be read again. */
  static final String CORPUS_SOURCE = "corpus-source";

  /** The characters of the vocabulary, in a row. */
  static final String VOCABULARY = "vocabulary";

  /** Present if the vocabulary has an unknown entry. */
  static final String UNKNOWN_ENTRY = "unknown-entry";

  /**
   * Reads the state in a run's folder; returns empty if there is none.
   *
   * @throws ResumeException if the state cannot be read
   */
  public static Optional<SavedRun> in(Path folder) {
    Path file = folder.resolve(RunFolder.STATE);
    try {
      return Optional.of(new SavedRun(Safetensors.readMetadata(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | CheckpointException e) {
      throw new ResumeException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the options of {@code train} that a resumed run takes over, by name without dashes. The
   * device and the number of threads are not among them.
   */
  public Map<String, String> options() {
    Map<String, String> options = new TreeMap<>();
    facts.forEach(
        (name, value) -> {
          if (name.startsWith("--")) {
            options.put(name.substring(2), value);
          }
        });
    options.keySet().removeAll(Set.of("corpus", "device", "threads"));
    if (facts.containsKey(CORPUS_SOURCE)) {
      options.put("corpus", facts.get(CORPUS_SOURCE));
    }
    return options;
  }

  /** Returns the vocabulary of the run, or null if an earlier release saved it. */
  Vocabulary vocabulary() {
    String characters = facts.get(VOCABULARY);
    if (characters == null) {
      return null;
    }
    Vocabulary known = Vocabulary.of(characters);
    return facts.containsKey(UNKNOWN_ENTRY) ? known.withUnknownEntry() : known;
  }

  /**
   * Finds the run that published a checkpoint, if its state is still that of the checkpoint.
   *
   * @param folders a folder that holds the folders of runs
   * @return the folder of the run
   */
  static Optional<Path> thatPublished(CheckpointManifest checkpoint, Path folders) {
    try (DirectoryStream<Path> runs = Files.newDirectoryStream(folders, Files::isDirectory)) {
      for (Path folder : runs) {
        if (in(folder).filter(run -> run.published(checkpoint)).isPresent()) {
          return Optional.of(folder);
        }
      }
    } catch (IOException | ResumeException e) {
      return Optional.empty(); // the optimizer then starts anew
    }
    return Optional.empty();
  }

  private boolean published(CheckpointManifest checkpoint) {
    return checkpoint.run() != null
        && checkpoint.run().equals(facts.get(RUN))
        && String.valueOf(checkpoint.step()).equals(facts.get(STEP));
  }

  /** Returns the number of steps taken. */
  long step() {
    return Long.parseLong(facts.get(STEP));
  }

  /** Returns the number of steps of the whole run. */
  long steps() {
    return Long.parseLong(facts.get(STEPS));
  }

  /** Returns the run in words. */
  String describe() {
    String corpus = facts.containsKey(CORPUS_NAME) ? " on " + facts.get(CORPUS_NAME) : "";
    return step() < steps()
        ? "a run" + corpus + " that stopped at step " + step() + " of " + steps()
        : "a finished run" + corpus + " of " + step() + " steps";
  }
}
