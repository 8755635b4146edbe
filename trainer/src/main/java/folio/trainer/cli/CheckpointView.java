package folio.trainer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointFacts;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.FileEntry;
import folio.model.checkpoint.CheckpointStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Checkpoints as people and programs read them. */
final class CheckpointView {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Pattern SAMPLE = Pattern.compile("-sample-\\d+$");

  private CheckpointView() {}

  /** Returns the size of all files of a checkpoint but its manifest, in bytes. */
  static long bytes(CheckpointManifest manifest) {
    return manifest.files().values().stream().mapToLong(FileEntry::sizeBytes).sum();
  }

  /**
   * Returns the validation losses by the protocol that reads the whole part; a loss of a sample has
   * a tilde, and is left out if the whole part was measured.
   */
  static Map<String, String> losses(CheckpointManifest manifest) {
    Map<String, String> shown = new TreeMap<>();
    if (manifest.losses() == null) {
      return shown;
    }
    manifest
        .losses()
        .validation()
        .forEach(
            (protocol, loss) -> {
              String whole = SAMPLE.matcher(protocol).replaceFirst("");
              if (whole.equals(protocol)) {
                shown.put(whole, String.format(Locale.ROOT, "%.4f", loss));
              } else {
                shown.putIfAbsent(whole, String.format(Locale.ROOT, "~%.4f", loss));
              }
            });
    return shown;
  }

  /** A checkpoint of a list. */
  private record Listed(CheckpointManifest manifest, String precision) {
    /** Reads a checkpoint's manifest and configuration. */
    static Listed read(CheckpointStore store, String version) {
      CheckpointManifest manifest = store.manifest(version);
      return new Listed(manifest, CheckpointFacts.precision(manifest, store.config(version)));
    }
  }

  /**
   * Returns the versions of a store as a table.
   *
   * @param current the version that {@code CURRENT} names, or an empty text
   */
  static List<String> table(CheckpointStore store, String current) {
    List<String> unreadable = new ArrayList<>();
    List<Listed> all = new ArrayList<>();
    for (String version : store.versions()) {
      try {
        all.add(Listed.read(store, version));
      } catch (CheckpointException e) {
        unreadable.add(
            (version.equals(current) ? "* " : "  ") + version + "  unreadable: " + e.getMessage());
      }
    }
    TreeSet<String> protocols = new TreeSet<>();
    all.forEach(listed -> protocols.addAll(losses(listed.manifest()).keySet()));
    TextTable table = new TextTable();
    List<String> header = new ArrayList<>(List.of("  version", "published", "corpus", "step"));
    header.addAll(List.of("precision", "size"));
    header.addAll(protocols);
    table.add(header);
    for (Listed listed : all) {
      CheckpointManifest manifest = listed.manifest();
      String version = manifest.version();
      List<String> row = new ArrayList<>();
      row.add((version.equals(current) ? "* " : "  ") + version);
      row.add(CheckpointFacts.date(version));
      row.add(manifest.corpus() == null ? "unknown" : manifest.corpus().name());
      row.add(String.format(Locale.ROOT, "%,d", manifest.step()));
      row.add(listed.precision());
      row.add(CheckpointFacts.size(bytes(manifest)));
      Map<String, String> losses = losses(manifest);
      protocols.forEach(protocol -> row.add(losses.getOrDefault(protocol, "–")));
      table.add(row);
    }
    List<String> lines = new ArrayList<>(all.isEmpty() ? List.of() : table.lines());
    lines.addAll(unreadable);
    return lines;
  }

  /** Returns the versions of a store as a JSON array of objects; see {@link #table}. */
  static String json(CheckpointStore store, String current) {
    ArrayNode array = JSON.createArrayNode();
    for (String version : store.versions()) {
      ObjectNode node = array.addObject();
      node.put("version", version);
      node.put("current", version.equals(current));
      try {
        Listed listed = Listed.read(store, version);
        CheckpointManifest manifest = listed.manifest();
        node.put("parent", manifest.parent());
        node.put("run", manifest.run());
        node.put("step", manifest.step());
        node.set("corpus", JSON.valueToTree(manifest.corpus()));
        node.put("precision", listed.precision());
        node.put("size_bytes", bytes(manifest));
        node.set(
            "validation_loss_nats",
            JSON.valueToTree(manifest.losses() == null ? null : manifest.losses().validation()));
      } catch (CheckpointException e) {
        node.put("error", e.getMessage());
      }
    }
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(array);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Jackson cannot write a tree of its own", e);
    }
  }
}
