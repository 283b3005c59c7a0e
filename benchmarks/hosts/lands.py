"""Names, places and the words of payers, land by land: what invented hosts are made of.

Given and family names are common ones; half of the families and all companies are put together from parts.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Land:
    """One land's words."""

    code: str
    tld: str
    bban: str
    firsts: tuple[str, ...]
    lasts: tuple[str, ...]
    stems: tuple[str, ...]
    ends: tuple[str, ...]
    places: tuple[str, ...]
    forms: tuple[str, ...]
    titles: tuple[str, ...]
    invoice: tuple[str, ...]
    customer: tuple[str, ...]
    order: tuple[str, ...]
    thanks: tuple[str, ...]
    joined: str
    desk: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


# In `bban`, a letter run is kept, B is one of a few bank codes, 9 a digit.
LANDS = {
    land.code: land
    for land in (
        Land(
            "GB", ".co.uk", "BANK999999 99999999",
            _words("Alice Andrew Arthur Beth Callum Clare Colin Edward Ellen Frank Gemma Helen Ian Joanne Keith Laura "
                   "Martin Naomi Neil Paul Rachel Robert Ruth Simon Stephen Tracey"),
            _words("Smith Jones Taylor Brown Wilson Evans Thomas Johnson Roberts Walker Wright Robinson Thompson White "
                   "Hughes Edwards Green Lewis Wood Harris Clarke Jackson Turner Hill Cooper Morris Ward Patel Khan "
                   "O'Neill McKay"),
            _words("Alder Beck Chester Dun Elm Fern Glen Hazel Inger Kes Lang Mar Nether Peny Rook Sel Thorn Wye"),
            _words("bourne by cliffe croft dale don ham hurst ley mere more shaw stead stone ton wick worth"),
            _words("Bath Carlisle Dover Durham Ely Hereford Hull Lancaster Luton Poole Truro Wells Whitby Woking"),
            _words("Ltd Limited LLP PLC CIC Ltd Limited"), _words("MR MRS MS DR"),
            _words("INV Invoice Inv_No Invoice_No. #  Bill Inv: invoice_# Payment_for"),
            _words("Cust Account A/C Customer_no Client"), _words("Order PO Ref_order Job"),
            _words("thanks hosting website invoice web_hosting email domain monthly_payment payment"), "&",
            _words("{}_Accountancy {}_&_Co_Accountants {}_Bookkeeping"),
        ),
        Land(
            "DE", ".de", "999999999999999999",
            _words("Anja Bernd Carsten Dieter Elke Frank Gabi Hanna Ingo Jens Karin Lars Monika Norbert Olaf Paula "
                   "Ralf Silke Thorsten Uli Volker Yvonne Jörn Bärbel Götz Ümit"),
            _words("Müller Schmidt Schneider Fischer Meyer Weber Wagner Becker Schulz Hoffmann Schäfer Koch Bauer "
                   "Klein Schröder Neumann Krause Köhler Jäger Voß Groß Kühn"),
            _words("Ahorn Birken Distel Erlen Falken Linden Mühl Nieder Ober Reh Schön Tannen Wald Weiß Wiesen Ziegel"),
            _words("bach berger brück eck feld hagen hauser kamp mann moos reuther stedt thal wieser"),
            _words("Aachen Bremen Celle Erfurt Fulda Gießen Jena Kassel Köln Lüneburg Mainz Ulm Würzburg Zwickau"),
            ("GmbH", "GmbH", "UG (haftungsbeschränkt)", "AG", "GmbH & Co. KG", "KG", "OHG", "e.K.", "GbR"),
            _words("Herr Frau Dr. Hr."),
            _words("Rechnung Rg. RG RE Rechnung_Nr. Rechnungsnr. Re-Nr. R.-Nr. Rg_Nr Rechn. Beleg"),
            _words("KdNr. Kundennr. Kunde Kd-Nr Kundennummer"), _words("Auftrag Bestellung Vertrag Mandat"),
            _words("Danke Hosting Webhosting Rechnung Domain Homepage Zahlung Miete_Server laut_Rechnung"), "und",
            _words("Steuerbüro_{} {}_Steuerberatung Kanzlei_{} Buchhaltung_{}"),
        ),
        Land(
            "AT", ".at", "9999999999999999",
            _words("Alois Birgit Christoph Doris Ernst Franziska Georg Herta Josef Katrin Leopold Margit Oskar Resi "
                   "Sepp Traudl Veronika Wolfgang"),
            _words("Gruber Huber Bauer Wagner Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Schwarz "
                   "Winkler Höller Brünner"),
            _words("Aigner Brand Egger Feichten Gamsen Kogl Lechen Ortner Rieder Stein Thaler Wieden"),
            _words("bacher bichler gruber hofer lechner reiter schlager stätter"),
            _words("Baden Graz Horn Kufstein Lienz Linz Melk Steyr Villach Wels Zwettl"),
            ("GmbH", "GmbH", "KG", "OG", "e.U.", "AG"), _words("Mag. Ing. DI Dr."),
            _words("Rechnung Rg. RE-Nr. Rechnungsnr. Rg.Nr. Re"), _words("Kdnr. Kundennr. Kunde"),
            _words("Auftrag Bestellung Vertrag"), _words("Danke Hosting Webspace Rechnung Domain Zahlung"), "und",
            _words("Steuerberatung_{} Kanzlei_{} {}_Wirtschaftstreuhand"),
        ),
        Land(
            "CH", ".ch", "99999999999999999",
            _words("Beat Corinne Daniela Erich Fabienne Gian Heidi Jürg Kathrin Luca Marcel Nadja Pascal Regula Reto "
                   "Sandra Urs Ursina Vreni Werner"),
            _words("Müller Meier Schmid Keller Weber Huber Schneider Meyer Steiner Fischer Gerber Brunner Baumann Frei "
                   "Zürcher Bühler Lüthi Rüegg"),
            _words("Ammann Berg Flüe Gross Hinter Im Ober Rot Stadel Tobler Wyss Zum"),
            _words("acher bühl egger felder hof holzer linden matter stein weg"),
            _words("Aarau Basel Bern Brig Chur Genf Glarus Luzern Olten Thun Uster Zug"),
            ("GmbH", "AG", "GmbH", "Sàrl", "SA", "Genossenschaft"), _words("Herr Frau Dr."),
            _words("Rechnung Rg. RG-Nr. Facture Rechnungsnr. Re"), _words("Kunden-Nr. Kd-Nr. Kunde"),
            _words("Auftrag Bestellung Vertrag"), _words("Merci Danke Hosting Rechnung Domain Zahlung Webhosting"),
            "und", _words("{}_Treuhand Treuhand_{} {}_Fiduciaire"),
        ),
        Land(
            "PL", ".pl", "999999999999999999999999",
            _words("Adam Beata Celina Damian Ewa Filip Grażyna Halina Irena Jacek Kinga Łucja Marek Natalia Olga Piotr "
                   "Róża Sławomir Tomasz Urszula Wiesław Zbigniew"),
            _words("Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak "
                   "Dąbrowski Kozłowski Mazur Jankowski Krawczyk Piątek Żak Gołąb"),
            _words("Brzoz Dęb Gór Jarzęb Kalin Lip Malin Ol Róż Sosn Święt Wierzb"),
            _words("iński owski czyk ecki ewicz iak owicz ak"),
            _words("Bytom Gdynia Kielce Kraków Łomża Opole Płock Poznań Radom Rzeszów Toruń"),
            ("Sp. z o.o.", "Sp. z o.o.", "S.A.", "Sp. j.", "Sp. k.", "s.c."), _words("Pan Pani"),
            _words("Faktura FV Faktura_nr FV_nr Fakt. F-ra Zapłata_za_fakturę Rachunek"),
            _words("Klient Nr_klienta Kontrahent"), _words("Zamówienie Zam. Umowa"),
            _words("opłata hosting domena faktura opłata_za_serwer dziękuję zapłata"), "i",
            _words("Biuro_rachunkowe_{} Księgowość_{} {}_Rachunkowość"),
        ),
        Land(
            "CZ", ".cz", "99999999999999999999",
            _words("Aleš Blanka Dušan Eliška František Hana Iveta Jaroslav Květa Libor Martina Miloš Naděžda Oldřich "
                   "Petra Radek Šárka Tomáš Václav Zuzana"),
            _words("Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Marek Hájek Růžička "
                   "Beneš Fiala Šimek Žák"),
            _words("Bor Bříz Dub Havl Javor Kop Lip Mal Nes Pol Sed Vrb"), _words("ák ček ecký ík íček ovský ka ný"),
            _words("Beroun Brno Cheb Děčín Kladno Kolín Liberec Opava Písek Zlín"),
            ("s.r.o.", "spol. s r.o.", "a.s.", "s.r.o.", "v.o.s."), _words("Pan Ing. Mgr."),
            _words("Faktura fa. faktura_č. Fakt. VS fa_č. Doklad"), _words("Zákazník č.klienta Klient"),
            _words("Objednávka Smlouva Obj."), _words("hosting doména platba faktura webhosting děkuji"), "a",
            _words("Účetnictví_{} {}_účetní_kancelář"),
        ),
        Land(
            "NL", ".nl", "BANK9999999999",
            _words("Anneke Bas Corrie Dirk Esther Floris Gerda Henk Ilse Joost Karin Lotte Maarten Niels Petra Roos "
                   "Sjoerd Tineke Wim Yvette"),
            _words("de_Jong Jansen de_Vries van_den_Berg Bakker van_Dijk Visser Smit Meijer de_Boer Mulder Bos Vos "
                   "Peters Hendriks van_Leeuwen Dekker Kok"),
            _words("Berken Duin Eiken Heide Hooi Kerk Linde Molen Nieuw Rozen Water Zand"),
            _words("berg boom brink burg dijk horst huis kamp laar mans stra veld"),
            _words("Almelo Breda Delft Ede Gouda Haarlem Leiden Tilburg Venlo Zwolle"),
            ("B.V.", "B.V.", "V.O.F.", "N.V.", "Holding B.V."), _words("Dhr Mevr Hr"),
            _words("Factuur Factuurnr. Fact. factuur_nr Rekening Nota fctr"), _words("Klantnr. Klantnummer Debiteur"),
            _words("Order Bestelling Opdracht"), _words("bedankt hosting website factuur domein betaling"), "en/of",
            _words("Administratiekantoor_{} {}_Accountants {}_Administraties"),
        ),
        Land(
            "BE", ".be", "999999999999",
            _words("An Bart Chantal Dries Els Frederik Griet Hilde Jef Koen Leen Luc Martine Nele Peter Raf Sofie Tom "
                   "Benoît Cécile"),
            _words("Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters De_Smet Dubois Lambert Dupont "
                   "Martens Hermans Van_Damme"),
            _words("Beuk Broek Dender Hoog Leie Maas Noord Schelde Steen Vos"),
            _words("beke bosch hout man mans ghem sels straete"),
            _words("Aalst Brugge Gent Hasselt Ieper Leuven Lier Namen Oostende"),
            ("BV", "BVBA", "NV", "VOF", "SRL", "SA"), _words("Dhr Mevr M."),
            _words("Factuur Facture Fact. factuurnr. Fact_nr"), _words("Klantnr. Klant Client"),
            _words("Order Bestelling Commande"), _words("hosting factuur website domein betaling merci"), "en",
            _words("Boekhouding_{} Accountancy_{} Fiduciaire_{}"),
        ),
        Land(
            "FR", ".fr", "99999999999999999999999",
            _words("Agnès Benoît Céline Didier Élodie Fabrice Gaëlle Hervé Inès Joël Karine Loïc Maëlle Noémie Odile "
                   "Pascal Régis Solène Thierry Yves"),
            _words("Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Roux "
                   "Fournier Girard Mercier Lévêque"),
            _words("Beau Belle Bois Champ Clair Font Grand Haute Mont Petit Roche Val"),
            _words("court fort lac lieu mer pré rive vallon ville vigne"),
            _words("Angers Brest Caen Dijon Lille Metz Nîmes Orléans Reims Tours"),
            ("SARL", "SAS", "SA", "EURL", "SASU", "SCI"), _words("M. Mme Mlle"),
            _words("Facture Fact. Facture_n° FA Fact_no Réf_facture"), _words("Client N°_client Compte"),
            _words("Commande Cde Devis"), _words("merci hébergement site facture domaine paiement"), "et",
            _words("Cabinet_{} {}_Expertise Comptabilité_{}"),
        ),
        Land(
            "ES", ".es", "99999999999999999999",
            _words("Álvaro Belén Carmen Diego Elena Fermín Gloria Héctor Inés Joaquín Lourdes Marta Nuria Óscar Pilar "
                   "Raúl Sofía Tomás Verónica Íñigo"),
            _words("García_López Fernández_Ruiz González_Díaz Rodríguez_Peña Sánchez_Gil Pérez_Mora Gómez_Núñez "
                   "Martín_Vega Jiménez_Soto Muñoz_Cano Álvarez_Rey Romero_Ibáñez"),
            _words("Alto Bella Campo Fuente Monte Piedra Río Torre Valle Villa"),
            _words("alta blanca clara fuerte hermosa mar real sol verde"),
            _words("Ávila Bilbao Cádiz Gijón Huelva Jaén León Murcia Oviedo Vigo"),
            ("S.L.", "S.L.U.", "S.A.", "S.C."), _words("D. Dña. Sr."),
            _words("Factura Fra. Fact. Factura_nº Pago_factura Fra"), _words("Cliente Nº_cliente Cta"),
            _words("Pedido Albarán Contrato"), _words("gracias alojamiento hosting factura dominio pago"), "y",
            _words("Asesoría_{} Gestoría_{} {}_Asesores"),
        ),
        Land(
            "SE", ".se", "99999999999999999999",
            _words("Åsa Björn Camilla Erik Frida Gunnar Håkan Ingrid Jonas Kerstin Lennart Malin Nils Örjan Pernilla "
                   "Rolf Sven Ulla Viktor Ylva"),
            _words("Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Lindström "
                   "Åberg Sjöberg Björk"),
            _words("Berg Björk Dal Ek Gran Hög Lind Nord Sjö Strand Väster Öst"),
            _words("berg dahl gren holm kvist lund man mark qvist ström"),
            _words("Borås Falun Gävle Kalmar Luleå Lund Örebro Umeå Växjö"),
            ("AB", "AB", "HB", "KB", "Ekonomisk förening"), _words("Herr Fru"),
            _words("Faktura Fakt. Fakturanr Faktura_nr OCR Fnr"), _words("Kundnr Kund Kundnummer"),
            _words("Order Beställning Avtal"), _words("tack webbhotell domän faktura betalning"), "och",
            _words("{}_Redovisning Redovisningsbyrån_{}"),
        ),
        Land(
            "US", ".com", "",
            _words("Aaron Brenda Carlos Deborah Eric Felicia Gary Heather Isaac Jamal Kayla Luis Mandy Nathan Olivia "
                   "Pedro Quinn Rosa Steve Tanya Victor Wendy"),
            _words("Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Wilson Anderson Moore "
                   "Nguyen Lee Clark Young Allen King Scott"),
            _words("Aspen Bay Cedar Eagle Fox Maple Oak Prairie River Silver Sun Wolf"),
            _words("brook bridge creek field grove hill land mont ridge view wood worth"),
            _words("Akron Austin Boise Dayton Fargo Fresno Macon Mesa Omaha Reno Toledo Tulsa"),
            ("LLC", "LLC", "Inc.", "Corp.", "Inc", "L.P."), _words("MR MRS DR"),
            _words("INV Invoice Inv# INVOICE_NO. Bill Pmt_for_inv #"), _words("Acct Customer Cust# ACCT_NO"),
            _words("PO Order WO"), _words("hosting website web_services invoice thanks payment domain"), "AND",
            _words("{}_CPA {}_Tax_Services {}_Bookkeeping"),
        ),
        Land(
            "BG", ".bg", "BANK99999999999999",
            _words("Ангел Бояна Васил Галина Димитър Елена Живко Ивайло Катя Любомир Мария Николай Петя Румен Светла "
                   "Тодор Юлия Явор"),
            _words("Иванов Георгиев Димитров Петров Николов Христов Стоянов Тодоров Илиев Василев Ангелов Колев"),
            _words("Бор Бел Гор Дъб Зелен Камен Лоз Мил Ръж Черн"), _words("ев ов арски енков инов ски"),
            _words("Бургас Варна Видин Пловдив Русе Сливен София Шумен"), ("ООД", "ЕООД", "АД"), _words("Г-н Г-жа"),
            _words("Фактура Факт. Ф-ра Faktura"), _words("Клиент Клиентски_номер"), _words("Поръчка Договор"),
            _words("хостинг домейн плащане фактура благодаря"), "и", _words("Счетоводство_{} {}_Консулт"),
        ),
        Land(
            "JP", ".jp", "",
            _words("Akira Chie Daisuke Emi Fumiko Haruto Isamu Jun Kana Makoto Naoki Rie Satoshi Takumi Yuki Yoko"),
            _words("Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada"),
            _words("Aki Fuji Hara Iwa Kawa Matsu Mori Naka Oka Taka Yama"),
            _words("da ba gawa hara i moto mura shima ta"),
            _words("Chiba Gifu Kobe Kyoto Nagoya Nara Osaka Sapporo Sendai"),
            ("K.K.", "Kabushiki Kaisha", "G.K.", "Y.K."), ("",), _words("Seikyu INV Invoice Seikyusho_No"),
            _words("Kokyaku Cust"), _words("Chumon Order"), _words("hosting sabadai domain furikomi server"), "/",
            _words("{}_Kaikei {}_Zeirishi"),
        ),
        Land(
            "KW", ".com", "BANK9999999999999999999999",
            _words("Abdullah Bader Dalal Fahad Ghada Hamad Huda Jaber Khaled Latifa Mishal Noura Omar Reem Salem "
                   "Yousef"),
            _words("Al-Sabah Al-Mutairi Al-Rashidi Al-Ajmi Al-Enezi Behbehani Al-Kandari Al-Shammari Dashti Al-Awadhi"),
            _words("Al-Bah Al-Dana Al-Fajr Al-Noor Al-Safa Al-Wafa"), _words("ar i ani awi ouri"),
            _words("Ahmadi Farwaniya Fintas Hawally Jahra Salmiya"), ("W.L.L.", "K.S.C.", "Co.", "Est."),
            _words("Mr Eng. Dr."), _words("INV Invoice Inv_No. Bill"), _words("Cust Account"), _words("LPO Order"),
            _words("hosting website invoice payment domain"), "and", _words("{}_Auditing {}_Accounting"),
        ),
    )
}  # fmt: skip

TRADES = _words(
    "Akustik Bakery Carpentry Consult Dental Design Elektro Events Fitness Flooring Garden Glas Hotel Interior Kino "
    "Legal Logistik Marine Media Metall Mode Möbel Optik Pharma Photo Plumbing Print Roofing Sanitär Security "
    "Software Sport Studio Systems Textil Tours Trading Travel Vet Wine"
)
FANCY = _words(
    "Amber Bold Brisk Cobalt Copper Coral Crisp Deft Ember Fjord Granit Indigo Ivory Jade Keen Lumen Mint Neon Onyx "
    "Opal Pivot Quartz Quick Saffron Solar Terra Tidal Umbra Velvet Zen"
)
THINGS = _words(
    "Anchor Arrow Beacon Bird Cloud Compass Crane Dot Dune Echo Field Flow Frame Gate Hive Kite Lab Lane Leaf Link "
    "Loop Mill Node Pixel Port Reef Shore Spark Stack Tower Wave Yard"
)
