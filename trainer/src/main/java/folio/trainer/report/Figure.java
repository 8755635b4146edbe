package folio.trainer.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A number in an event of a run.
 *
 * @param name the name of the field
 * @param protocol the protocol of a loss, whose field holds several numbers; null for a field that
 *     is a number
 */
record Figure(String name, String protocol, double value) {
  /** Returns the numbers among the fields of an event, in their order. Other fields are ignored. */
  static List<Figure> of(Map<String, ?> fields) {
    List<Figure> figures = new ArrayList<>();
    fields.forEach(
        (name, value) -> {
          if (value instanceof Number number) {
            figures.add(new Figure(name, null, number.doubleValue()));
          } else if (value instanceof Map<?, ?> byProtocol) {
            byProtocol.forEach(
                (protocol, each) -> {
                  if (each instanceof Number number) {
                    figures.add(new Figure(name, protocol.toString(), number.doubleValue()));
                  }
                });
          }
        });
    return figures;
  }
}
