package io.forebay.store.project;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * The shape of the engine: arrows point down only, I/O has one door, and time, randomness and threads are injected, so
 * that a seed reproduces a run.
 */
@AnalyzeClasses(packages = "io.forebay.store", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "io.forebay.store";

    /** From top to bottom. A package may use those below it, and the vocabulary of the root package. */
    static final List<String> LAYERS = List.of(
            "tools",
            "db",
            "db.background",
            "db.write",
            "db.read",
            "db.state",
            "verify",
            "wal",
            "checkpoint",
            "compaction",
            "flush",
            "version",
            "iter",
            "memtable",
            "sst",
            "sst.block",
            "sst.filter",
            "values",
            "rangedel",
            "cache",
            "version.manifest",
            "compress",
            "crypto",
            "key",
            "io",
            "util");

    /** What a user starts from; the only classes of the root package that reach into the engine. */
    static final Set<String> ENTRY_POINTS = Set.of(ROOT + ".Environment", ROOT + ".FileStores", ROOT + ".KeyProviders");

    /** What an {@link Environment} injects unless it is told otherwise. */
    private static final Set<String> INJECTED_DEFAULTS = Set.of(
            ROOT + ".util.SystemClock",
            ROOT + ".util.SystemExecutor",
            ROOT + ".util.CallbackThreads",
            ROOT + ".util.SecureIds");

    @ArchTest
    static final ArchRule arrowsPointDown = classes()
            .that()
            .resideOutsideOfPackage(ROOT)
            .should(useOnlyLowerLayers())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theRootIsVocabulary = noClasses()
            .that()
            .resideInAPackage(ROOT)
            .and(not(outermostIn(ENTRY_POINTS)))
            .should()
            .dependOnClassesThat(resideInAPackage(ROOT + "..").and(not(resideInAPackage(ROOT))))
            .allowEmptyShould(true);

    /** The exceptions of {@code java.nio.file} are part of what {@link FileStore} promises, so all may name them. */
    @ArchTest
    static final ArchRule ioHasOneDoor = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".io..")
            .should()
            .dependOnClassesThat(resideInAPackage("java.nio.file..")
                    .and(not(assignableTo(FileSystemException.class)))
                    .or(type(FileChannel.class))
                    .or(type(java.io.RandomAccessFile.class))
                    .or(type(java.io.FileInputStream.class))
                    .or(type(java.io.FileOutputStream.class)))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule timeRandomnessAndThreadsAreInjected = noClasses()
            .that(not(outermostIn(INJECTED_DEFAULTS)))
            .should()
            .accessTargetWhere(callOf(System.class, "currentTimeMillis")
                    .or(callOf(System.class, "nanoTime"))
                    .or(callOf(Math.class, "random"))
                    .or(callOf(UUID.class, "randomUUID"))
                    .or(callOf(ForkJoinPool.class, "commonPool"))
                    .or(callOf(Thread.class, "sleep")))
            .orShould()
            .accessTargetWhere(constructionOf(Random.class)
                    .or(constructionOf(SplittableRandom.class))
                    .or(constructionOf(Thread.class))
                    .or(constructionOf(ThreadPoolExecutor.class))
                    .or(constructionOf(Timer.class)))
            .orShould()
            .dependOnClassesThat(type(Executors.class).or(type(ThreadLocalRandom.class)))
            .allowEmptyShould(true);

    /** One place decides whether a message may show a key; the others show ids and bytes of nobody. */
    @ArchTest
    static final ArchRule keysAreShownInOnePlace = noClasses()
            .that(not(outermostIn(Set.of(ROOT + ".key.KeyText", ROOT + ".KeyRange", ROOT + ".version.FileId"))))
            .should()
            .dependOnClassesThat(type(java.util.HexFormat.class));

    private static ArchCondition<JavaClass> useOnlyLowerLayers() {
        return new ArchCondition<>("use only the packages below their own, of " + LAYERS) {
            @Override
            public void check(JavaClass origin, ConditionEvents events) {
                int own = layer(origin);
                if (own < 0) {
                    events.add(SimpleConditionEvent.violated(
                            origin, "package " + origin.getPackageName() + " has no place in the order of layers"));
                    return;
                }
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                    JavaClass target = dependency.getTargetClass();
                    if (target.getPackageName().startsWith(ROOT + ".") && layer(target) < own) {
                        events.add(SimpleConditionEvent.violated(origin, dependency.getDescription()));
                    }
                }
            }
        };
    }

    private static int layer(JavaClass type) {
        return LAYERS.indexOf(type.getPackageName().substring(ROOT.length() + 1));
    }

    /** Nested, local and anonymous classes go with the class around them. */
    private static DescribedPredicate<JavaClass> outermostIn(Set<String> names) {
        return describe("are in " + names, type -> {
            String name = type.getName();
            int nested = name.indexOf('$');
            return names.contains(nested < 0 ? name : name.substring(0, nested));
        });
    }

    private static DescribedPredicate<JavaAccess<?>> callOf(Class<?> owner, String method) {
        return targetOf(type(owner), method);
    }

    private static DescribedPredicate<JavaAccess<?>> constructionOf(Class<?> base) {
        return targetOf(assignableTo(base), "<init>");
    }

    private static DescribedPredicate<JavaAccess<?>> targetOf(
            DescribedPredicate<? super JavaClass> owner, String member) {
        return describe(
                "target is " + owner.getDescription() + " " + member,
                access ->
                        owner.test(access.getTargetOwner()) && access.getName().equals(member));
    }
}
