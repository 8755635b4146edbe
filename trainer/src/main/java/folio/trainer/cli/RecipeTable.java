package folio.trainer.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The hyperparameters of a preset that follow the length of the training text. Each row of the
 * table was found by experiments with a text of its length (trainer/docs/recipes.md). Between two
 * rows, values are interpolated linearly in the logarithm of the length. Beyond the first and the
 * last row, that row counts.
 */
final class RecipeTable {
  private static final String LENGTH = "characters";

  /** Values of options by name, in ascending order of {@link #LENGTH}. */
  private final List<Map<String, Double>> rows;

  private RecipeTable(List<Map<String, Double>> rows) {
    this.rows = rows;
  }

  /** Returns the table of a preset; empty if nothing in the preset follows the length. */
  static Optional<RecipeTable> of(String preset) {
    try (InputStream in = RecipeTable.class.getResourceAsStream("/presets/" + preset + ".json")) {
      return in == null
          ? Optional.empty()
          : Optional.of(new RecipeTable(new JsonMapper().readValue(in, new TypeReference<>() {})));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the values of options, by name, for a training text.
   *
   * @param characters the length of the training text, 1 or more
   */
  Map<String, String> at(long characters) {
    int after = 1;
    while (after < rows.size() - 1 && (double) characters > rows.get(after).get(LENGTH)) {
      after++;
    }
    Map<String, Double> shorter = rows.get(after - 1);
    Map<String, Double> longer = rows.get(after);
    double from = Math.log(shorter.get(LENGTH));
    double position =
        (Math.log((double) characters) - from) / (Math.log(longer.get(LENGTH)) - from);
    double part = Math.max(0, Math.min(1, position));
    Map<String, String> values = new LinkedHashMap<>();
    shorter.forEach(
        (option, value) -> {
          if (!option.equals(LENGTH)) {
            values.put(option, written(option, value + part * (longer.get(option) - value)));
          }
        });
    return values;
  }

  /** Returns a value as its option takes it. Rates and factors have two decimal places. */
  private static String written(String option, double value) {
    BigDecimal exact = BigDecimal.valueOf(value);
    BigDecimal rounded =
        switch (option) {
          case "layers" -> exact.setScale(0, RoundingMode.HALF_UP);
          case "steps" -> exact.round(new MathContext(2));
          default -> exact.setScale(2, RoundingMode.HALF_UP);
        };
    return rounded.stripTrailingZeros().toPlainString();
  }
}
