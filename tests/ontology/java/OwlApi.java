import java.io.File;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.formats.TurtleDocumentFormat;
import org.semanticweb.owlapi.model.AddAxiom;
import org.semanticweb.owlapi.model.IRI;
import org.semanticweb.owlapi.model.OWLAxiom;
import org.semanticweb.owlapi.model.OWLClass;
import org.semanticweb.owlapi.model.OWLDataFactory;
import org.semanticweb.owlapi.model.OWLDataProperty;
import org.semanticweb.owlapi.model.OWLDocumentFormat;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.model.OWLOntologyManager;
import org.semanticweb.owlapi.model.parameters.Imports;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;
import org.semanticweb.owlapi.profiles.Profiles;
import org.semanticweb.owlapi.util.SimpleIRIMapper;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * What the tests ask of the OWL API, the library below Protégé; answers are JSON.
 *
 * <pre>
 * OwlApi profile FILE...   counts, and what keeps each file out of OWL 2 DL and RL
 * OwlApi edit FILE OUT FORM  adds a class and a property, and saves as Protégé does:
 *                          in the form it came in (same) or by the older Turtle writer (turtle)
 * </pre>
 *
 * Imports are resolved through catalog-v001.xml beside the file, never by the network.
 */
public final class OwlApi {
    private static final String NS = "https://w3id.org/dafab/ns#";
    private static final String SKOS = "http://www.w3.org/2004/02/skos/core#";

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (arguments[0].equals("edit")) {
            edit(new File(arguments[1]), new File(arguments[2]), arguments[3]);
            return;
        }
        Map<String, String> reports = new LinkedHashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            File file = new File(arguments[i]);
            reports.put(file.getName(), profile(load(file)));
        }
        out.println(object(reports));
    }

    private static OWLOntology load(File file) throws Exception {
        OWLOntologyManager manager = OWLManager.createOWLOntologyManager();
        File folder = file.getAbsoluteFile().getParentFile();
        File catalogue = new File(folder, "catalog-v001.xml");
        if (catalogue.exists()) {
            NodeList entries = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(catalogue).getElementsByTagName("uri");
            for (int i = 0; i < entries.getLength(); i++) {
                Element entry = (Element) entries.item(i);
                IRI place = IRI.create(new File(folder, entry.getAttribute("uri")));
                manager.getIRIMappers().add(
                    new SimpleIRIMapper(IRI.create(entry.getAttribute("name")), place));
            }
        }
        return manager.loadOntologyFromOntologyDocument(file);
    }

    private static String profile(OWLOntology ontology) {
        Map<String, String> report = new LinkedHashMap<>();
        report.put("axioms", String.valueOf(ontology.getAxiomCount()));
        report.put("closure", String.valueOf(
            ontology.importsClosure().mapToInt(OWLOntology::getAxiomCount).sum()));
        report.put("classes", String.valueOf(ontology.classesInSignature(Imports.INCLUDED).count()));
        report.put("dl", violations(Profiles.OWL2_DL, ontology));
        report.put("rl", violations(Profiles.OWL2_RL, ontology));
        return object(report);
    }

    private static String violations(Profiles profile, OWLOntology ontology) {
        List<String> found = new ArrayList<>();
        for (OWLProfileViolation violation : profile.checkOntology(ontology).getViolations()) {
            Map<String, String> told = new TreeMap<>();
            told.put("kind", text(violation.getClass().getSimpleName()));
            told.put("told", text(violation.toString()));
            found.add(object(told));
        }
        return "[" + String.join(", ", found) + "]";
    }

    /** Adds what a person would add in Protégé, and saves in the format that the file came in. */
    private static void edit(File file, File saved, String form) throws Exception {
        OWLOntology ontology = load(file);
        OWLOntologyManager manager = ontology.getOWLOntologyManager();
        OWLDataFactory make = manager.getOWLDataFactory();
        IRI home = ontology.getOntologyID().getOntologyIRI().get();
        OWLClass parent = make.getOWLClass(IRI.create(NS + "Product"));
        OWLClass kind = make.getOWLClass(IRI.create(NS + "AddedProduct"));
        OWLDataProperty figure = make.getOWLDataProperty(IRI.create(NS + "addedFigure"));
        add(ontology, make.getOWLDeclarationAxiom(kind));
        add(ontology, make.getOWLSubClassOfAxiom(kind, parent));
        describe(ontology, make, kind.getIRI(), "added product", "A product that a test adds.", home);
        add(ontology, make.getOWLDeclarationAxiom(figure));
        add(ontology, make.getOWLFunctionalDataPropertyAxiom(figure));
        add(ontology, make.getOWLDataPropertyDomainAxiom(figure, kind));
        add(ontology, make.getOWLDataPropertyRangeAxiom(figure, make.getDoubleOWLDatatype()));
        describe(ontology, make, figure.getIRI(), "added figure", "A figure that a test adds.", home);
        try (OutputStream stream = new FileOutputStream(saved)) {
            OWLDocumentFormat format = ontology.getNonnullFormat();
            if (form.equals("turtle")) {
                TurtleDocumentFormat other = new TurtleDocumentFormat();
                other.copyPrefixesFrom(format.asPrefixOWLDocumentFormat());
                format = other;
            }
            manager.saveOntology(ontology, format, stream);
        }
    }

    private static void describe(OWLOntology ontology, OWLDataFactory make, IRI term, String label,
            String definition, IRI home) {
        add(ontology, make.getOWLAnnotationAssertionAxiom(
            make.getRDFSLabel(), term, make.getOWLLiteral(label, "en")));
        add(ontology, make.getOWLAnnotationAssertionAxiom(
            make.getOWLAnnotationProperty(IRI.create(SKOS + "definition")), term,
            make.getOWLLiteral(definition, "en")));
        add(ontology, make.getOWLAnnotationAssertionAxiom(
            make.getRDFSIsDefinedBy(), term, home));
    }

    private static void add(OWLOntology ontology, OWLAxiom axiom) {
        ontology.getOWLOntologyManager().applyChange(new AddAxiom(ontology, axiom));
    }

    private static String object(Map<String, String> values) {
        List<String> members = new ArrayList<>();
        values.forEach((key, value) -> members.add(text(key) + ": " + value));
        return "{" + String.join(", ", members) + "}";
    }

    private static String text(String value) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
