package folio.trainer.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Suggestions for options and commands that do not exist. */
final class NearMisses {
  /** The names that other programs have for options of Folio. */
  private static final Map<String, List<String>> SYNONYMS =
      Map.ofEntries(
          Map.entry("--lr", List.of("--learning-rate")),
          Map.entry("--batch-size", List.of("--batch")),
          Map.entry("--seq-length", List.of("--length")),
          Map.entry("--seq-len", List.of("--length")),
          Map.entry("--sequence-length", List.of("--length")),
          Map.entry("--block-size", List.of("--length")),
          Map.entry("--num-layers", List.of("--layers")),
          Map.entry("--n-layer", List.of("--layers")),
          Map.entry("--hidden", List.of("--hidden-size")),
          Map.entry("--rnn-size", List.of("--hidden-size")),
          Map.entry("--dropout", List.of("--output-dropout")),
          Map.entry("--iters", List.of("--steps")),
          Map.entry("--max-iters", List.of("--steps")),
          Map.entry("--num-epochs", List.of("--epochs")),
          Map.entry("--grad-clip", List.of("--clip-norm")),
          Map.entry("--data", List.of("--corpus", "--requests")),
          Map.entry("--input", List.of("--corpus", "--prompt-file", "--requests")),
          Map.entry("--text", List.of("--corpus", "--prompt")),
          Map.entry("--file", List.of("--corpus", "--prompt-file", "--requests")),
          Map.entry("--val", List.of("--validation")),
          Map.entry("--init-from", List.of("--from")),
          Map.entry("--checkpoint", List.of("--from", "--checkpoints")),
          Map.entry("--model", List.of("--from", "--checkpoints")),
          Map.entry("--gpu", List.of("--device")),
          Map.entry("--cuda", List.of("--device")),
          Map.entry("--cpu", List.of("--device")),
          Map.entry("--temp", List.of("--temperature")),
          Map.entry("--num-tokens", List.of("--max-tokens")),
          Map.entry("--max-new-tokens", List.of("--max-tokens")),
          Map.entry("--num-samples", List.of("-n")),
          Map.entry("--start", List.of("--prompt")));

  private NearMisses() {}

  /** Returns the option or the command that was probably meant. */
  static Optional<String> of(UnmatchedArgumentException error) {
    CommandSpec command = error.getCommandLine().getCommandSpec();
    String typed = error.getUnmatched().get(0).replaceFirst("=.*", "").replace('_', '-');
    Optional<String> known =
        SYNONYMS.getOrDefault(typed, List.of(typed)).stream()
            .filter(name -> command.findOption(name) != null)
            .findFirst();
    if (known.isPresent()) {
      return known;
    }
    return error.getSuggestions().stream()
        .filter(name -> distance(typed, name) <= 1 + typed.length() / 4)
        .findFirst();
  }

  /** Returns the number of characters to insert, delete or replace (Levenshtein). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
