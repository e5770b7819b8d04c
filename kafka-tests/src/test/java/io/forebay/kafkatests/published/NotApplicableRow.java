package io.forebay.kafkatests.published;

import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Leaves out single rows of published tests with parameters, which are known only when they run: lines {@code
 * class#method[words]} of {@code published/not-applicable.txt}, for rows whose names have all the words in them; words are
 * separated by {@code &}.
 */
public final class NotApplicableRow implements ExecutionCondition {
    private final Map<String, String> reasons = NotApplicable.read("not-applicable.txt");

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (Redirect.isWanted() && context.getTestMethod().isPresent()) {
            String test = context.getRequiredTestClass().getName() + "#"
                    + context.getRequiredTestMethod().getName() + "[";
            for (Map.Entry<String, String> line : reasons.entrySet()) {
                String name = line.getKey();
                if (name.startsWith(test)
                        && hasAll(context.getDisplayName(), name.substring(test.length(), name.length() - 1))) {
                    return ConditionEvaluationResult.disabled(line.getValue());
                }
            }
        }
        return ConditionEvaluationResult.enabled("Can run on Forebay");
    }

    private static boolean hasAll(String row, String words) {
        for (String word : words.split("&")) {
            if (!row.contains(word)) {
                return false;
            }
        }
        return true;
    }
}
