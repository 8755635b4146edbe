package folio.trainer.cli;

import folio.trainer.corpus.SplitRule;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The parser of {@code --split}. */
final class SplitConverter implements ITypeConverter<SplitRule> {
  @Override
  public SplitRule convert(String value) {
    try {
      return SplitRule.parse(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(value + "; " + e.getMessage());
    }
  }
}
