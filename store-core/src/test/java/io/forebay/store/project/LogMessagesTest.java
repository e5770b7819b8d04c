package io.forebay.store.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The log messages in {@code docs/operations.md} are those of the sources: each message of its tables is logged with that level by a
 * logger of that class, each message in quotes is one of the sources, and each error and warning of the sources is in a table.
 *
 * <p><b>How messages are compared.</b> A message of the sources is a string literal, with what is joined to it by {@code +}. An
 * argument, in braces or joined, is "…", as in the document; "…" at the end stands for the rest. A message that is made in one
 * class and logged by another has no level: then only its text, and that there is such a logger, are checked.
 */
class LogMessagesTest {
    private static final Pattern LEVEL = Pattern.compile("### (\\w+).*");
    private static final Pattern ROW = Pattern.compile("\\| `([\\w.]+)` \\| (.+?) \\|.*");
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]{8,})\"");
    private static final Pattern LOGGER = Pattern.compile("getLogger\\((\\w+)\\.class\\)");
    private static final Pattern CALL = Pattern.compile("\\.(error|warn|info|debug|trace)\\(\\s*$");
    private static final Pattern TOKEN = Pattern.compile(
            "(//[^\n]*|/\\*.*?\\*/|\\s+)" // left out
                    + "|(?:\"\"\"(.*?)\"\"\"|\"((?:\\\\.|[^\"\\\\])*)\")" // a string
                    + "|'(?:\\\\[^']*'|[^\\\\]')|[\\w$]+|.",
            Pattern.DOTALL);

    @Test
    void messagesAreThoseOfTheSources() throws IOException {
        List<Message> messages = messages(root());
        String text = Files.readString(root().resolve("docs/operations.md"));
        assertThat(rows(text)).hasSizeGreaterThan(30);
        assertThat(messages).hasSizeGreaterThan(1000);
        assertThat(problems(text, messages)).isEmpty();
    }

    @Test
    void whatIsWrongIsFound() {
        List<Message> messages = messages("""
                class A { /* "a comment" */ Logger LOG = LoggerFactory.getLogger(A.class); char c = '"';
                    { LOG.warn("File {} of " + count(1, "x") + " is gone" // "and so on"
                         + "; bad", name); LOG.error("It \\"failed\\" for {}", c); LOG.info("Told"); }
                    { LOG.warn(made); } String made = "Made here"; }
                """);
        assertThat(problems("""
                ### WARN, of A
                | `a.A` | File … of … is gone; bad | |
                | `a.A` | File … of … is … | |
                | `a.A` | Made here | |
                ### ERROR
                | `a.A` | It "failed" for … | |
                "File … of …", "It is no message"
                """, messages)).containsExactly("\"It is no message\" is no message");
        assertThat(problems("""
                ### WARN
                | `a.A` | File of … is gone | |
                | `a.B` | File … of … is gone | |
                | `a.A` | Told | |
                | `a.B` | Made here | |
                """, messages))
                .containsExactlyInAnyOrder(
                        "WARN of a.A is not logged: File of … is gone",
                        "WARN of a.B is not logged: File … of … is gone",
                        "WARN of a.A is not logged: Told",
                        "WARN of a.B is not logged: Made here",
                        "in no table: warn of [A], File … of … is gone; bad",
                        "in no table: error of [A], It \"failed\" for …");
    }

    private record Row(String level, String logger, String message) {}

    /** @param level null when the message is not an argument of a log call */
    private record Message(Set<String> loggers, String level, String text) {
        boolean is(Row row) {
            return text.startsWith(row.message);
        }

        boolean isLoggedAs(Row row) {
            return is(row)
                    && row.level.toLowerCase(Locale.ROOT).equals(level)
                    && loggers.contains(row.logger.substring(row.logger.lastIndexOf('.') + 1));
        }
    }

    // ---- the document

    private static List<String> problems(String document, List<Message> messages) {
        List<String> problems = new ArrayList<>();
        List<Row> rows = rows(document);
        Set<String> loggers =
                messages.stream().flatMap(message -> message.loggers.stream()).collect(Collectors.toSet());
        for (Row row : rows) {
            boolean made = loggers.contains(row.logger.substring(row.logger.lastIndexOf('.') + 1))
                    && messages.stream().anyMatch(message -> message.level == null && message.is(row));
            if (!made && messages.stream().noneMatch(message -> message.isLoggedAs(row))) {
                problems.add(row.level + " of " + row.logger + " is not logged: " + row.message);
            }
        }
        for (Message message : messages) {
            boolean told = "error".equals(message.level) || "warn".equals(message.level);
            if (told && rows.stream().noneMatch(message::isLoggedAs)) {
                problems.add("in no table: " + message.level + " of " + message.loggers + ", " + message.text);
            }
        }
        for (String line : document.split("\n")) {
            Matcher quoted = QUOTED.matcher(ROW.matcher(line).matches() ? "" : line);
            while (quoted.find()) {
                String start = start(quoted.group(1));
                if (messages.stream().noneMatch(message -> message.text.startsWith(start))) {
                    problems.add("\"" + start + "\" is no message");
                }
            }
        }
        return problems;
    }

    /** The rows of the tables below headings that name a level. */
    private static List<Row> rows(String document) {
        List<Row> rows = new ArrayList<>();
        String level = null;
        for (String line : document.split("\n")) {
            Matcher heading = LEVEL.matcher(line);
            Matcher row = ROW.matcher(line);
            if (line.startsWith("#")) {
                level = heading.matches() && heading.group(1).matches("ERROR|WARN|INFO") ? heading.group(1) : null;
            } else if (level != null && row.matches()) {
                rows.add(new Row(level, row.group(1), start(row.group(2))));
            }
        }
        return rows;
    }

    private static String start(String message) {
        return message.replace("`", "").replaceAll("[… ]+$", "");
    }

    // ---- the sources

    private static List<Message> messages(Path root) throws IOException {
        List<Message> messages = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.map(file -> file.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                try (Stream<Path> found = Files.walk(module)) {
                    for (Path file : found.filter(path -> path.toString().endsWith(".java"))
                            .toList()) {
                        messages.addAll(messages(Files.readString(file)));
                    }
                }
            }
        }
        return messages;
    }

    /** The string literals of a source file, with what is joined to each of them. */
    private static List<Message> messages(String source) {
        Set<String> loggers = new TreeSet<>();
        LOGGER.matcher(source).results().forEach(logger -> loggers.add(logger.group(1)));
        List<Token> tokens = tokens(source);
        List<Message> messages = new ArrayList<>();
        for (int at = 0; at < tokens.size(); at++) {
            if (tokens.get(at).string != null) {
                Matcher call =
                        CALL.matcher(source.substring(Math.max(0, tokens.get(at).from - 200), tokens.get(at).from));
                String level = call.find() ? call.group(1) : null;
                StringBuilder text = new StringBuilder(tokens.get(at).string);
                while (is(tokens, at + 1, "+")) {
                    at += 2;
                    if (tokens.get(at).string != null) {
                        text.append(tokens.get(at).string);
                    } else {
                        text.append('…');
                        at = endOfOperand(tokens, at) - 1;
                    }
                }
                messages.add(new Message(loggers, level, text.toString()));
            }
        }
        return messages;
    }

    private static int endOfOperand(List<Token> tokens, int from) {
        int depth = 0;
        int at = from;
        for (; depth > 0 || !is(tokens, at, "+", ",", ";", "?", ":", ")", "]", "}"); at++) {
            depth += is(tokens, at, "(", "[", "{") ? 1 : 0;
            depth -= is(tokens, at, ")", "]", "}") ? 1 : 0;
        }
        return at;
    }

    private static boolean is(List<Token> tokens, int at, String... any) {
        Token token = at < tokens.size() ? tokens.get(at) : null;
        return token == null
                ? List.of(any).contains(";")
                : token.string == null && List.of(any).contains(token.text);
    }

    /** @param string the content of a string literal; null for another token */
    private record Token(int from, String text, String string) {}

    private static List<Token> tokens(String source) {
        List<Token> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(source);
        while (matcher.find()) {
            if (matcher.group(1) == null) {
                String string = matcher.group(2) != null ? matcher.group(2) : matcher.group(3);
                String shown = string == null
                        ? null
                        : string.replaceAll("\\\\(.)", "$1").replace("{}", "…");
                tokens.add(new Token(matcher.start(), matcher.group(), shown));
            }
        }
        return tokens;
    }

    /** Tests run in the folder of their module. */
    private static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
