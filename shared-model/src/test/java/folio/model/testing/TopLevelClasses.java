package folio.model.testing;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

/**
 * One slice for each top-level class below a package; nested classes belong to the slice of their
 * top-level class. Architecture tests look for cycles between such slices.
 *
 * @param root the package, without a dot at its end
 */
public record TopLevelClasses(String root) implements SliceAssignment {
  @Override
  public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
    return javaClass.getName().startsWith(root + ".")
        ? SliceIdentifier.of(javaClass.getName().replaceFirst("\\$.*", ""))
        : SliceIdentifier.ignore();
  }

  @Override
  public String getDescription() {
    return "top-level classes";
  }
}
