package folio.inference;

import io.smallrye.config.ConfigMappings.ConfigClass;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds environment variables that are almost the name of a setting. Other unknown variables are no
 * settings of this service: other programs of Folio have some, and Kubernetes sets {@code
 * FOLIO_PORT} for a service named folio.
 */
final class MisspeltSettings {
  private static final String PREFIX = "FOLIO_";

  /** The largest number of characters that differ. */
  private static final int MAX_DISTANCE = 2;

  private MisspeltSettings() {}

  /** Returns the misspelt ones of some variables, each with the nearest setting. */
  static Map<String, String> find(Collection<String> variables) {
    Collection<String> settings =
        ConfigClass.configClass(InferenceConfig.class).getProperties().keySet().stream()
            .map(name -> name.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT))
            .toList();
    Map<String, String> misspelt = new TreeMap<>();
    for (String variable : variables) {
      if (variable.startsWith(PREFIX) && !settings.contains(variable)) {
        settings.stream()
            .min(Comparator.comparingInt(setting -> distance(variable, setting)))
            .filter(nearest -> distance(variable, nearest) <= MAX_DISTANCE)
            .ifPresent(nearest -> misspelt.put(variable, nearest));
      }
    }
    return misspelt;
  }

  /** Returns how many characters must be inserted, deleted or replaced. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
