package io.forebay.kafkatests.published;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Judges what {@link Proof} wrote about the run before: Kafka's published classes ran on Forebay, and not on RocksDB. */
@EnabledIfSystemProperty(named = "forebay.published.proof", matches = "true")
class PublishedProofTest {
    private record Run(String name, long passed, long failed, long forebay, long rocksDb) {
        static Run of(String line) {
            String[] columns = line.split("\t", -1);
            return new Run(
                    columns[0],
                    Long.parseLong(columns[1]),
                    Long.parseLong(columns[2]),
                    Long.parseLong(columns[4]),
                    Long.parseLong(columns[5]));
        }
    }

    private static List<Run> runs() throws IOException {
        List<Run> runs = new ArrayList<>();
        for (String line : Files.readAllLines(Proof.FILE)) {
            runs.add(Run.of(line));
        }
        return runs;
    }

    @Test
    void classesRanAndForebayRanThem() throws IOException {
        assertThat(runs())
                .isNotEmpty()
                .anySatisfy(run -> assertThat(run.forebay).isPositive());
        assertThat(runs()).allSatisfy(run -> assertThat(run.failed).as(run.name).isZero());
    }

    @Test
    void aClassThatNeededAPersistentStoreHadForebays() throws IOException {
        Set<String> onRocksDb = NotApplicable.read("rocksdb.txt").keySet();
        assertThat(runs())
                .allSatisfy(run -> assertThat(run.forebay > 0 || run.rocksDb == 0 || onRocksDb.contains(run.name))
                        .as("%s opened %d stores of RocksDB and none of Forebay", run.name, run.rocksDb)
                        .isTrue());
    }

    @Test
    void classesThatAreKnownToRunOnForebayDid() throws IOException {
        Set<String> onForebay = NotApplicable.read("forebay.txt").keySet();
        assertThat(runs())
                .filteredOn(run -> onForebay.contains(run.name))
                .isNotEmpty()
                .allSatisfy(run -> assertThat(run.forebay)
                        .as("%s opened no store of Forebay", run.name)
                        .isPositive());
    }
}
