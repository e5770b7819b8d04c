package io.forebay.bench.costs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CostsTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    File directory;

    @Test
    void everyWorkOfEveryVariantIsInTheTable() {
        assertThat(run("--keys", "3000", "--rounds", "1", "--directory", directory.getPath()))
                .as(() -> err.toString())
                .isZero();

        for (Work work : Work.values()) {
            String ratios = " +\\d+\\.\\d\\dx +0%".repeat(Variant.values().length - 1);
            assertThat(out.toString())
                    .containsPattern(Pattern.quote(work.title()) + " +[\\d,]+ +0%" + ratios + " +\\d+\\.\\d%\\R");
        }
        for (Variant variant : Variant.values()) {
            assertThat(out.toString()).contains(variant.title());
        }
        assertThat(out.toString()).contains("bytes on disk");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void onlyTheVariantsAskedForAreCompared() {
        assertThat(run(
                        "--keys",
                        "1000",
                        "--rounds",
                        "1",
                        "--variants",
                        "encryption",
                        "--directory",
                        directory.getPath()))
                .as(() -> err.toString())
                .isZero();

        assertThat(out.toString()).containsPattern("plain +spread +encryption +checksums\\R");
    }

    @Test
    void optionsOutOfRangeAreRefusedByName() {
        assertThat(run("--keys", "10")).isEqualTo(2);
        assertThat(run("--directory", new File(directory, "absent").getPath())).isEqualTo(2);

        assertThat(err.toString()).contains("--keys is 10").contains("absent");
    }

    private int run(String... arguments) {
        CommandLine command = Costs.command();
        return command.setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }
}
