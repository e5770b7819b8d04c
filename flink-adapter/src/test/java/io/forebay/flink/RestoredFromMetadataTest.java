package io.forebay.flink;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** No test restores what a backend has made without its way through a metadata file. */
@AnalyzeClasses(packages = {"io.forebay.flink", "org.apache.flink.runtime.state"})
class RestoredFromMetadataTest {
    private static final String CREATORS = "io\\.forebay\\.flink\\.(BackendHarness|ForebayUnderTest)";

    @ArchTest
    static final ArchRule backendsAreCreatedInTwoPlaces = noClasses()
            .that()
            .haveNameNotMatching(CREATORS + "|io\\.forebay\\.flink\\.Forebay[A-Za-z]*Backend")
            .and()
            .haveNameMatching("io\\.forebay\\..*|.*\\.Forebay[A-Za-z]*")
            .should()
            .callMethodWhere(target(nameMatching("create(Async)?KeyedStateBackend")));

    @ArchTest
    static final ArchRule handlesTakeTheWayThere = classes()
            .that()
            .haveNameMatching(CREATORS)
            .should()
            .callMethodWhere(target(nameMatching("of")).and(target(owner(type(MetadataTrip.class)))));
}
