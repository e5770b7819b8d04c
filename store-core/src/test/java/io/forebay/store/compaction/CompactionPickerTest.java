package io.forebay.store.compaction;

import io.forebay.store.testing.datadriven.DataDriven;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The cases under datadriven/compaction, one file for each behaviour; {@link PickerCases} describes their form. */
class CompactionPickerTest {
    @TestFactory
    Stream<DynamicTest> answersAsWritten() {
        return DataDriven.files(
                "compaction",
                List.of("down", "tiers", "drop", "upkeep", "superseded", "full", "old"),
                PickerCases::answer);
    }
}
