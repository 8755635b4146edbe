package folio.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import org.junit.jupiter.api.Test;

/** Who may know whom. */
class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("folio.model");

  @Test
  void vocabularyAndSamplingDoNotKnowTheEngine() {
    noClasses()
        .that()
        .resideInAnyPackage("folio.model.vocabulary..", "folio.model.sampling..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(classes);
  }

  @Test
  void isPlainJava() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.quarkus..", "jakarta..", "io.smallrye..", "io.micrometer..")
        .check(classes);
  }

  @Test
  void readsArraysByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(classes);
  }

  @Test
  void hasNoCycles() {
    slices().matching("folio.model.(*)..").should().beFreeOfCycles().check(classes);
  }

  @Test
  void hasNoDrawerForOddsAndEnds() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..common..", "..helper..", "..impl..", "..manager..")
        .check(classes);
  }
}
