package folio.model.testing;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

/** The architecture rules about cycles. */
public final class CycleRules {
  /** No packages of Folio depend on each other in a cycle; a subpackage counts as a package. */
  public static final ArchRule PACKAGES_ARE_FREE_OF_CYCLES =
      slices().matching("folio.(**)").should().beFreeOfCycles();

  /**
   * No top-level classes of Folio depend on each other in a cycle. A nested class counts as a part
   * of its top-level class.
   */
  public static final ArchRule CLASSES_ARE_FREE_OF_CYCLES =
      slices().assignedFrom(new TopLevelClasses()).should().beFreeOfCycles();

  private CycleRules() {}

  private static final class TopLevelClasses implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      return type.getPackageName().startsWith("folio")
          ? SliceIdentifier.of(topLevelName(type))
          : SliceIdentifier.ignore();
    }

    private static String topLevelName(JavaClass type) {
      String name = type.getName();
      int nested = name.indexOf('$');
      return nested < 0 ? name : name.substring(0, nested);
    }

    @Override
    public String getDescription() {
      return "top-level classes";
    }
  }
}
