package io.forebay.store.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The documents: every relative link leads to a file, and its anchor to a heading; every class in backticks exists.
 *
 * <p><b>What counts as a class.</b> A code span that is one name: packages, a capitalised word with a lower-case letter, maybe members and a call after it
 * ({@code db.write.WritePath.put(...)}). Spans with blanks are commands or examples. The class has to be declared in the sources of a module, in a
 * package that ends with those that are named, and its file has to have the members that are named. {@code *Test} stands for some class that ends so. What is not
 * ours must be of the JDK or in {@code docs/other-classes.txt} of the test resources. Requests for comments name classes that do not exist yet: only their links are checked.
 */
class DocsTest {
    private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```$");
    private static final Pattern SPAN = Pattern.compile("(`+)(.+?)\\1");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern REFERENCE = Pattern.compile("(?m)^\\[([^\\]]+)\\]: *(\\S+)$");
    private static final Pattern REFERENCED =
            Pattern.compile("(?<!^)\\[(`[^`\\]]+`)\\](?![(\\[])|^\\[(`[^`\\]]+`)\\](?![(:\\[])", Pattern.MULTILINE);
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+?) *$");
    private static final Pattern NAME =
            Pattern.compile("@?((?:[a-z]\\w*\\.)*)(\\*?)([A-Z]\\w*)((?:\\.\\w+)*)([…*]|\\(.*\\)\\S*)?");
    private static final Pattern DECLARATION =
            Pattern.compile("(?m)^[^*/\"]*?\\b(?:class|interface|enum|record) ([A-Z]\\w*)\\b");
    private static final List<String> JDK = List.of(
            "java.lang.",
            "java.lang.invoke.",
            "java.io.",
            "java.nio.file.",
            "java.security.",
            "java.util.",
            "java.util.concurrent.",
            "java.util.concurrent.atomic.",
            "sun.misc.");

    @TempDir
    Path directory;

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> problems = new ArrayList<>();
        List<Path> documents = documents(root());
        assertThat(documents).hasSizeGreaterThan(10);
        for (Path document : documents) {
            checkLinks(root(), document, problems);
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void classesExist() throws IOException {
        Sources sources = Sources.read(root());
        assertThat(sources.files).hasSizeGreaterThan(300);
        Set<String> others = otherClasses();
        Set<String> unused = new TreeSet<>(others);
        List<String> problems = new ArrayList<>();
        for (Path document : documents(root())) {
            if (!document.startsWith(root().resolve("docs/rfcs"))) {
                checkClasses(root(), document, sources, others, unused, problems);
            }
        }
        assertThat(problems).isEmpty();
        assertThat(unused).as("names in other-classes.txt that no document has").isEmpty();
    }

    @Test
    void whatIsBrokenIsFound() throws IOException {
        Path document = directory.resolve("a.md");
        Files.writeString(directory.resolve("There.java"), "public final class There { void go() {} }");
        Files.writeString(document, """
                # One `heading`, of two
                [good](a.md#one-heading-of-two) [good](#one-heading-of-two) [`There.go`] `There.go()` `*here` `*There` `String`
                [no file](b.md) [no heading](#two) [`Undefined`] `Missing` `other.There` `There.gone` `*Nothing`

                ```
                `Fenced` [fenced](c.md)
                ```

                [`There.go`]: There.java
                [`Elsewhere`]: There.java
                """);
        List<String> problems = new ArrayList<>();
        checkLinks(directory, document, problems);
        assertThat(problems)
                .containsExactlyInAnyOrder(
                        "a.md: there is no b.md",
                        "a.md: there is no heading #two in a.md",
                        "a.md: [`Undefined`] has no definition",
                        "a.md: [`Elsewhere`] is defined and not used",
                        "a.md: [`Elsewhere`] leads to There.java");
        problems.clear();
        Sources sources = new Sources();
        sources.add(directory.resolve("There.java"));
        checkClasses(directory, document, sources, Set.of(), new HashSet<>(), problems);
        assertThat(problems)
                .containsExactlyInAnyOrder(
                        "a.md: there is no class Undefined",
                        "a.md: there is no class Elsewhere",
                        "a.md: there is no class Missing",
                        "a.md: There is in none of the packages other",
                        "a.md: There has no gone",
                        "a.md: no class ends with Nothing");
    }

    // ---- links

    private static void checkLinks(Path root, Path document, List<String> problems) throws IOException {
        String own = root.relativize(document) + ": ";
        String text = withoutFences(document);
        String shown =
                SPAN.matcher(text).replaceAll(span -> "x".repeat(span.group().length()));
        List<String> targets = new ArrayList<>();
        LINK.matcher(shown).results().forEach(link -> targets.add(link.group(1)));
        Map<String, String> defined = new TreeMap<>();
        REFERENCE.matcher(text).results().forEach(reference -> defined.put(reference.group(1), reference.group(2)));
        targets.addAll(new TreeSet<>(defined.values()));
        for (String target : targets) {
            checkTarget(root, document, target, own, problems);
        }
        Set<String> used = new TreeSet<>();
        REFERENCED
                .matcher(text)
                .results()
                .forEach(reference -> used.add(
                        reference.group().substring(1, reference.group().length() - 1)));
        for (String label : used) {
            if (!defined.containsKey(label)) {
                problems.add(own + "[" + label + "] has no definition");
            }
        }
        defined.forEach((label, target) -> {
            if (label.startsWith("`") && !used.contains(label)) {
                problems.add(own + "[" + label + "] is defined and not used");
            }
            String file = target.substring(target.lastIndexOf('/') + 1);
            if (file.endsWith(".java") && !label.matches("`" + file.replace(".java", "") + "\\b.*")) {
                problems.add(own + "[" + label + "] leads to " + target);
            }
        });
    }

    private static void checkTarget(Path root, Path document, String target, String own, List<String> problems)
            throws IOException {
        if (target.matches("[a-z]+:.*")) {
            return;
        }
        int hash = target.indexOf('#');
        String name = hash < 0 ? target : target.substring(0, hash);
        Path file = name.isEmpty() ? document : document.resolveSibling(name).normalize();
        if (!file.startsWith(root) || !Files.exists(file) || !file.toRealPath().endsWith(root.relativize(file))) {
            problems.add(own + "there is no " + name);
        } else if (hash >= 0 && !anchors(file).contains(target.substring(hash + 1))) {
            problems.add(own + "there is no heading #" + target.substring(hash + 1) + " in " + root.relativize(file));
        }
    }

    /** Of the headings of a document, as GitHub makes them. */
    private static Set<String> anchors(Path file) throws IOException {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        Matcher headings = HEADING.matcher(withoutFences(file));
        while (headings.find()) {
            String plain = headings.group(1).replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1");
            String anchor = plain.toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                    .replace(' ', '-');
            int before = seen.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? anchor : anchor + "-" + before);
        }
        return anchors;
    }

    // ---- classes

    private static void checkClasses(
            Path root, Path document, Sources sources, Set<String> others, Set<String> unused, List<String> problems)
            throws IOException {
        String own = root.relativize(document) + ": ";
        Matcher spans = SPAN.matcher(withoutFences(document));
        while (spans.find()) {
            Matcher name = NAME.matcher(spans.group(2).trim());
            if (!name.matches() || name.group(3).equals(name.group(3).toUpperCase(Locale.ROOT))) {
                continue;
            }
            String type = name.group(3);
            if (name.group(1).startsWith("java.") || name.group(1).startsWith("sun.")) {
                if (!exists(name.group(1) + type)) {
                    problems.add(own + "there is no class " + name.group(1) + type);
                }
            } else if (!name.group(2).isEmpty()) {
                if (sources.files.keySet().stream().noneMatch(known -> known.endsWith(type))) {
                    problems.add(own + "no class ends with " + type);
                }
            } else if (sources.files.containsKey(type)) {
                String problem = sources.check(name.group(1), type, name.group(4), name.group(5));
                if (problem != null) {
                    problems.add(own + problem);
                }
            } else if (others.contains(type)) {
                unused.remove(type);
            } else if (JDK.stream().noneMatch(prefix -> exists(prefix + type))) {
                problems.add(own + "there is no class " + type);
            }
        }
    }

    /** The types of all modules, nested ones too, by their simple names. */
    private static final class Sources {
        final Map<String, List<Path>> files = new HashMap<>();
        private final Map<Path, String> texts = new HashMap<>();

        static Sources read(Path root) throws IOException {
            Sources sources = new Sources();
            try (Stream<Path> modules = Files.list(root)) {
                for (Path module : modules.map(file -> file.resolve("src"))
                        .filter(Files::isDirectory)
                        .toList()) {
                    try (Stream<Path> found = Files.walk(module)) {
                        for (Path file : found.filter(path -> path.toString().endsWith(".java"))
                                .toList()) {
                            sources.add(file);
                        }
                    }
                }
            }
            return sources;
        }

        void add(Path file) throws IOException {
            String text = Files.readString(file);
            texts.put(file, text);
            Matcher declarations = DECLARATION.matcher(text);
            while (declarations.find()) {
                files.computeIfAbsent(declarations.group(1), name -> new ArrayList<>())
                        .add(file);
            }
        }

        /** @return what is wrong, or null */
        String check(String packages, String type, String members, String end) {
            List<Path> there = files.get(type);
            if (!packages.isEmpty()) {
                String folder = packages.replaceAll("\\.$", "").replace('.', '/');
                there = there.stream()
                        .filter(file -> file.getParent().endsWith(folder))
                        .toList();
                if (there.isEmpty()) {
                    return type + " is in none of the packages " + packages.replaceAll("\\.$", "");
                }
            }
            for (String member : members.split("\\.", -1)) {
                boolean whole = !"…".equals(end) && !"*".equals(end);
                Pattern word = Pattern.compile("\\b" + member + (whole ? "\\b" : ""));
                if (!member.isEmpty()
                        && there.stream()
                                .noneMatch(file -> word.matcher(texts.get(file)).find())) {
                    return type + " has no " + member;
                }
            }
            return null;
        }
    }

    private static boolean exists(String name) {
        try {
            Class.forName(name, false, ClassLoader.getSystemClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) { // where case is ignored, a class of another name is found
            return false;
        }
    }

    private static Set<String> otherClasses() throws IOException {
        Set<String> names = new TreeSet<>();
        try (InputStream in = DocsTest.class.getResourceAsStream("/docs/other-classes.txt")) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .forEach(names::add);
        }
        return names;
    }

    // ---- documents

    private static List<Path> documents(Path root) throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path top : List.of(root, root.resolve("docs"))) {
            try (Stream<Path> files = Files.walk(top, top.equals(root) ? 1 : Integer.MAX_VALUE)) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(all::add);
            }
        }
        return all;
    }

    private static String withoutFences(Path document) throws IOException {
        return FENCE.matcher(Files.readString(document).replace("\r", "")).replaceAll("");
    }

    /** Tests run in the folder of their module. */
    private static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
