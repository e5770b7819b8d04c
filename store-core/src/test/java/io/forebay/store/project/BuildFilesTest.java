package io.forebay.store.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What several files of the build must agree on, and no tool compares. */
class BuildFilesTest {
    private static final Pattern DEPENDENCY = Pattern.compile(
            "<groupId>([\\w.]+)</groupId>\\s*" + "<artifactId>([\\w.-]+)</artifactId>\\s*<version>([^<$]+)</version>");
    private static final Pattern PLUGIN =
            Pattern.compile("<artifactId>(maven-[\\w-]+|spotless-[\\w-]+)</artifactId>\\s*<version>([^<]+)</version>");
    private static final Pattern ACTION = Pattern.compile("uses: *(\\S+)(.*)");

    /** Modules without a parent, whose versions are literal because nobody else's build has ours to inherit. */
    private static final List<String> ALONE =
            List.of("forebay-bom", "consumer-tests/kafka", "consumer-tests/kafka-bom", "consumer-tests/flink");

    @Test
    void modulesWithoutAParentHaveTheVersionsOfTheParent() throws Exception {
        String parent = read("pom.xml");
        Map<String, String> managed = new TreeMap<>();
        Matcher all = DEPENDENCY.matcher(parent);
        while (all.find()) {
            managed.put(all.group(1) + ":" + all.group(2), all.group(3));
        }
        String own = managed.get("io.forebay:forebay-parent");
        assertThat(own).isNotNull();
        for (String module : ALONE) {
            assertThat(parent).contains("<module>" + module + "</module>");
            Matcher named = DEPENDENCY.matcher(read(module + "/pom.xml"));
            int found = 0;
            while (named.find()) {
                String key = named.group(1) + ":" + named.group(2);
                String expected = switch (named.group(1)) {
                    case "io.forebay" -> own;
                    case "org.apache.kafka" -> property(parent, "kafka.version");
                    case "org.apache.flink" -> property(parent, "flink.version");
                    default -> managed.get(key);
                };
                assertThat(named.group(3)).as("%s of %s", key, module).isEqualTo(expected);
                found++;
            }
            assertThat(found).as(module).isGreaterThan(2);
            Matcher plugin = PLUGIN.matcher(read(module + "/pom.xml"));
            while (plugin.find()) {
                assertThat(parent)
                        .as(module)
                        .containsPattern("<artifactId>" + plugin.group(1) + "</artifactId>\\s*<version>"
                                + Pattern.quote(plugin.group(2)) + "<");
            }
        }
    }

    @Test
    void whatConsumersCheckIsWhatTheBomManages() throws Exception {
        String bom = read("forebay-bom/pom.xml");
        int checked = 0;
        for (String module : ALONE.subList(1, ALONE.size())) {
            Matcher wanted = Pattern.compile("substring=\"([\\w.]+):([\\w-]+):jar:([\\w.-]+):\"")
                    .matcher(read(module + "/pom.xml"));
            while (wanted.find()) {
                assertThat(bom)
                        .as(module)
                        .contains("<groupId>" + wanted.group(1) + "</groupId><artifactId>" + wanted.group(2)
                                + "</artifactId><version>" + wanted.group(3) + "</version>");
                checked++;
            }
        }
        assertThat(checked).isEqualTo(7);
    }

    @Test
    void publishedModulesAreInTheBom() throws Exception {
        String parent = read("pom.xml");
        String bom = read("forebay-bom/pom.xml");
        Matcher module = Pattern.compile("<module>([\\w/-]+)</module>").matcher(parent);
        List<String> published = new ArrayList<>();
        while (module.find()) {
            String pom = read(module.group(1) + "/pom.xml");
            if (!pom.contains("<maven.deploy.skip>true<") && !module.group(1).equals("forebay-bom")) {
                assertThat(pom).as(module.group(1)).contains("<maven.javadoc.skip>false<", "<maven.source.skip>false<");
                Matcher name =
                        Pattern.compile("</parent>\\s*<artifactId>([\\w-]+)<").matcher(pom);
                assertThat(name.find()).isTrue();
                published.add(name.group(1));
            }
        }
        assertThat(published)
                .containsExactlyInAnyOrder("forebay-store-core", "forebay-kafka-adapter", "forebay-flink-adapter")
                .allSatisfy(name -> assertThat(bom).contains("<artifactId>" + name + "</artifactId>"));
    }

    @Test
    void actionsArePinnedByCommitAndRunsMayOnlyRead() throws Exception {
        int actions = 0;
        try (Stream<Path> files = Files.list(root().resolve(".github/workflows"))) {
            for (Path file : files.toList()) {
                String workflow = Files.readString(file);
                assertThat(workflow).as(file.toString()).contains("\npermissions:\n  contents: read\n");
                assertThat(Pattern.compile(": *write\\b").matcher(workflow).find())
                        .as(file.toString())
                        .isFalse();
                assertThat(workflow).as(file.toString()).doesNotContain("-latest");
                Matcher uses = ACTION.matcher(workflow);
                while (uses.find()) {
                    assertThat(uses.group(1)).as(file.toString()).matches("[\\w-]+/[\\w-]+@[0-9a-f]{40}");
                    assertThat(uses.group(2)).as(uses.group(1)).matches(" # v\\d+\\.\\d+\\.\\d+");
                    actions++;
                }
                // A test that was renamed would be left out of the nightly run without a word.
                Matcher tests = Pattern.compile("\\b([A-Z]\\w+Test)\\b").matcher(workflow);
                while (tests.find()) {
                    assertThat(exists(tests.group(1) + ".java"))
                            .as(tests.group(1))
                            .isTrue();
                }
            }
        }
        assertThat(actions).isGreaterThan(10);
    }

    /** A checkout with other line endings would not compare equal to what a store writes. */
    @Test
    void everyCheckoutHasTheSameBytes() throws Exception {
        assertThat(read(".gitattributes")).contains("* text=auto eol=lf");
        int checked = 0;
        try (Stream<Path> files = Files.walk(root().resolve("store-core/src/test/resources"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                assertThat(content.indexOf('\r')).as(file.toString()).isNegative();
                checked++;
            }
        }
        assertThat(checked).isGreaterThan(40);
    }

    @Test
    void theWrapperHasNoBinaryAndAChecksum() throws Exception {
        String wrapper = read(".mvn/wrapper/maven-wrapper.properties");
        assertThat(wrapper)
                .contains("distributionType=only-script")
                .containsPattern("distributionSha256Sum=[0-9a-f]{64}\n");
        try (Stream<Path> files = Files.list(root().resolve(".mvn/wrapper"))) {
            assertThat(files).hasSize(1);
        }
    }

    private static boolean exists(String name) throws IOException {
        for (String module :
                List.of("store-core", "kafka-adapter", "flink-adapter", "kafka-tests", "integration-tests")) {
            try (Stream<Path> files = Files.walk(root().resolve(module + "/src/test/java"))) {
                if (files.anyMatch(file -> file.getFileName().toString().equals(name))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String property(String pom, String name) {
        Matcher value = Pattern.compile("<" + Pattern.quote(name) + ">([^<]+)<").matcher(pom);
        assertThat(value.find()).as(name).isTrue();
        return value.group(1);
    }

    private static String read(String name) throws IOException {
        return Files.readString(root().resolve(name));
    }

    private static Path root() {
        return Path.of("..").toAbsolutePath().normalize();
    }
}
