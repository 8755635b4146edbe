package folio.trainer;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import folio.model.testing.ArrayRules;
import org.junit.jupiter.api.Test;

/** Only the root joins rooms; the one exception is that a training step reads a batch. */
class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("folio");

  private void assertRoomKnowsNo(String room, String... others) {
    noClasses()
        .that()
        .resideInAPackage("folio.trainer." + room + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others)
        .check(classes);
  }

  @Test
  void roomsDoNotKnowEachOther() {
    String corpus = "folio.trainer.corpus..";
    String learning = "folio.trainer.training..";
    String publication = "folio.trainer.publication..";
    String report = "folio.trainer.report..";
    String sweep = "folio.trainer.sweep..";
    assertRoomKnowsNo("corpus", "folio.trainer", learning, publication, report, sweep);
    assertRoomKnowsNo("learning", "folio.trainer", publication, report, sweep);
    assertRoomKnowsNo("publication", "folio.trainer", corpus, learning, report, sweep);
    assertRoomKnowsNo("report", "folio.trainer", corpus, learning, publication, sweep);
    assertRoomKnowsNo("sweep", "folio.trainer", corpus, learning, publication, report);
  }

  @Test
  void knowsNothingOfTheService() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("folio.inference..", "io.quarkus..", "jakarta..")
        .check(classes);
  }

  @Test
  void onlyTheRootAndItsDisplayKnowTheCommandLine() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "folio.trainer.corpus..", "folio.trainer.training..", "folio.trainer.publication..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..")
        .check(classes);
  }

  @Test
  void readsArraysByHostCopy() {
    ArrayRules.VALUES_ARE_READ_BY_HOST_COPY.check(
        classes.that(resideInAPackage("folio.trainer..")));
  }

  @Test
  void hasNoCycles() {
    slices().matching("folio.trainer.(*)..").should().beFreeOfCycles().check(classes);
  }
}
