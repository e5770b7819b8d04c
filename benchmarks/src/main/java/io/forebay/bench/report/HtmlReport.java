package io.forebay.bench.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The JSON report within one page that draws it by itself. */
public final class HtmlReport {
    private static final String PLACE = "/*DATA*/";

    private HtmlReport() {}

    public static String of(ObjectNode report) throws IOException {
        try (InputStream page = HtmlReport.class.getResourceAsStream("report.html")) {
            String template = new String(page.readAllBytes(), StandardCharsets.UTF_8);
            // A script element ends at the first closing tag, wherever that stands.
            return template.replace(PLACE, report.toString().replace("</", "<\\/"));
        }
    }
}
