"""What names stand for, written down from pharmacology and medicine."""

from __future__ import annotations

from typing import Final

# fmt: off
#: Classes that rules ask about -> medicines that have these and no others. Nothing in those of no
#: class touches a rule, so they must pass without a word.
MEDICINES: Final[dict[str, list[str]]] = {
    "benzodiazepine cns_depressant": [
        "Ativan", "Temesta", "Tavor", "Valium", "Klonopin", "Rivotril", "Xanax", "Restoril",
        "Serax", "Librium", "Mogadon", "Versed", "midazolam", "Onfi", "clobazam", "Tranxene",
        "Dalmane", "Halcion", "ProSom", "Doral", "Lexotan", "lormetazepam", "loprazolam",
        "Rohypnol", "prazepam", "etizolam", "brotizolam",
    ],
    "sedative_hypnotic cns_depressant": [
        "Ambien", "zolpidem tartrate", "Stilnox", "zopiclone", "Zimovane", "Lunesta", "Sonata",
        "Xyrem", "sodium oxybate", "Belsomra", "Dayvigo", "Quviviq", "Rozerem", "carisoprodol",
        "Soma", "meprobamate", "chloral hydrate",
    ],
    "opioid cns_depressant": [
        "morphine", "MS Contin", "OxyContin", "oxycodone hydrochloride",
        "hydrocodone bitartrate", "Dilaudid", "codeine phosphate", "co-codamol", "tramadol",
        "Ultram", "Nucynta", "Duragesic", "fentanyl patch", "methadone", "Subutex",
        "buprenorphine", "Sublocade", "Percocet", "Vicodin", "Norco", "pethidine", "Demerol",
        "oxymorphone", "dihydrocodeine", "tilidine", "Suboxone", "heroin", "kratom",
        "pentazocine", "levorphanol",
    ],
    "cns_depressant": [
        "gabapentin", "Neurontin", "pregabalin", "Lyrica", "Benadryl", "hydroxyzine",
        "promethazine", "baclofen", "tizanidine", "Zanaflex", "cyclobenzaprine", "Flexeril",
        "methocarbamol", "alcohol", "doxylamine", "cannabis", "marijuana", "dronabinol",
        "perampanel", "cyproheptadine", "meclizine",
    ],
    "barbiturate cns_depressant": [
        "butalbital", "Fioricet", "secobarbital",
    ],
    "barbiturate cns_depressant cyp3a4_inducer cyp2b6_inducer": [
        "phenobarbital", "phenobarbitone",
    ],
    "maoi": [
        "phenelzine", "Nardil", "tranylcypromine", "Parnate", "isocarboxazid", "Marplan",
        "selegiline", "Emsam", "rasagiline", "Azilect", "safinamide", "Xadago", "moclobemide",
        "linezolid", "Zyvox", "methylene blue",
    ],
    "psychostimulant": [
        "Adderall XR 20 mg", "amphetamine", "dextroamphetamine", "dexamfetamine", "Vyvanse",
        "lisdexamfetamine", "Elvanse", "Ritalin", "Concerta", "methylphenidate ER", "Focalin",
        "Desoxyn", "phentermine", "Sunosi", "cocaine", "MDMA", "atomoxetine", "Strattera",
        "pseudoephedrine", "ephedrine",
    ],
    "psychostimulant cyp3a4_inducer": [
        "modafinil", "Provigil", "armodafinil", "Nuvigil",
    ],
    "lamotrigine mood_stabilizer": [
        "lamotrigine", "Lamictal XR", "lamotrigin",
    ],
    "mood_stabilizer": [
        "lithium carbonate", "Lithobid", "valproate", "Depakote ER", "divalproex",
    ],
    "mood_stabilizer cyp3a4_inducer cyp2b6_inducer": [
        "carbamazepine", "Tegretol",
    ],
    "cyp3a4_inducer cyp2b6_inducer": [
        "rifampin", "rifampicin", "phenytoin", "efavirenz",
    ],
    "cyp3a4_inducer": [
        "rifabutin", "bosentan", "enzalutamide", "apalutamide", "cenobamate",
    ],
    "cyp3a4_inducer known_interaction": [
        "St. John's wort", "Hypericum", "saint john's wort",
    ],
    "known_interaction": [
        "theophylline", "Uniphyl", "aminophylline",
    ],
    "cyp3a4_inhibitor": [
        "ketoconazole", "itraconazole", "posaconazole", "fluconazole", "clarithromycin",
        "Biaxin", "erythromycin", "ritonavir", "Paxlovid", "cobicistat", "diltiazem", "Cardizem",
        "verapamil", "grapefruit juice", "nefazodone", "fluvoxamine", "aprepitant",
        "ciprofloxacin", "cyclosporine", "dronedarone", "imatinib", "darunavir",
    ],
    "cyp3a4_inhibitor cyp2b6_inhibitor": [
        "voriconazole", "Vfend",
    ],
    "cyp2b6_inhibitor": [
        "clopidogrel", "Plavix", "ticlopidine",
    ],
    "naltrexone": [
        "naltrexone", "Vivitrol", "low-dose naltrexone", "LDN 4.5 mg", "Contrave",
    ],
    "weak_evidence_antipsychotic": [
        "clozapine", "Haldol", "Risperdal", "risperidone",
    ],
    "ketamine": [
        "ketamine", "Ketalar", "Spravato", "esketamine", "ketamine troche",
    ],
    "nasal_decongestant": [
        "Afrin", "oxymetazoline nasal spray", "xylometazoline", "Otrivin",
    ],
    "nasal_corticosteroid": [
        "Flonase", "Nasonex", "mometasone nasal spray", "Rhinocort", "budesonide nasal",
        "Nasacort", "beclomethasone nasal spray", "Avamys", "fluticasone nasal",
    ],
    "": [
        "sertraline", "Zoloft", "fluoxetine", "Prozac", "citalopram", "escitalopram", "Lexapro",
        "paroxetine", "venlafaxine", "Effexor XR", "desvenlafaxine", "duloxetine", "Cymbalta",
        "mirtazapine", "bupropion XL", "Wellbutrin", "trazodone", "vortioxetine", "vilazodone",
        "amitriptyline", "nortriptyline", "quetiapine", "Seroquel", "olanzapine", "aripiprazole",
        "Abilify", "lurasidone", "cariprazine", "brexpiprazole", "Rexulti", "metformin",
        "atorvastatin", "Lipitor", "simvastatin", "rosuvastatin", "levothyroxine", "Synthroid",
        "omeprazole", "pantoprazole", "esomeprazole", "famotidine", "lisinopril", "losartan",
        "amlodipine", "hydrochlorothiazide", "metoprolol succinate", "bisoprolol", "propranolol",
        "candesartan", "ramipril", "ibuprofen", "naproxen", "acetaminophen", "paracetamol",
        "aspirin 81 mg", "celecoxib", "meloxicam", "albuterol inhaler", "salbutamol",
        "montelukast", "Symbicort", "Advair", "cetirizine", "loratadine", "fexofenadine",
        "vitamin D3", "vitamin B12", "multivitamin", "folic acid", "iron", "magnesium glycinate",
        "fish oil", "melatonin", "oral contraceptive", "birth control pill", "Mirena IUD",
        "estradiol", "testosterone", "finasteride", "sildenafil", "tamsulosin", "semaglutide",
        "Ozempic", "insulin glargine", "sumatriptan", "topiramate", "levetiracetam", "buspirone",
        "prazosin", "clonidine", "prednisone", "amoxicillin", "Augmentin", "doxycycline",
        "azithromycin", "valacyclovir", "hydroxychloroquine", "methotrexate", "allopurinol",
        "colchicine", "warfarin", "apixaban", "rivaroxaban", "furosemide", "spironolactone",
        "ondansetron", "loperamide", "Miralax", "nicotine patch", "isotretinoin",
        "latanoprost eye drops", "acamprosate", "varenicline",
    ],
}

#: Condition of the rules -> ways of writing it.
CONDITIONS: Final[dict[str, list[str]]] = {
    "aneurysmal_vascular_disease": [
        "aneurysmal_vascular_disease", "Abdominal aortic aneurysm", "Aneurysm, thoracic aortic",
        "brain aneurysm", "intracranial aneurysm", "AAA", "aortic dissection", "I71.4",
        "cerebral aneurysm, clipped", "popliteal artery aneurysm",
    ],
    "arteriovenous_malformation": [
        "AVM", "Arteriovenous malformation", "cerebral AVM", "Q28.2",
    ],
    "intracerebral_hemorrhage": [
        "Intracerebral haemorrhage", "intracerebral_hemorrhage", "Hemorrhage, intracerebral",
        "brain bleed", "hemorrhagic stroke", "haemorrhagic stroke", "subarachnoid hemorrhage",
        "subdural hematoma", "I61.9", "ICH",
    ],
    "cardiovascular_event": [
        "myocardial infarction", "heart attack", "STEMI", "NSTEMI 2019", "MI",
        "acute coronary syndrome", "TIA", "transient ischaemic attack", "unstable angina",
        "22298006", "I21.4", "pulmonary embolism",
    ],
    "stroke": [
        "ischemic stroke", "ischaemic stroke", "CVA", "cerebral infarction", "I63.9",
    ],
    "raised_intracranial_pressure": [
        "raised ICP", "increased intracranial pressure", "idiopathic intracranial hypertension",
        "pseudotumor cerebri", "hydrocephalus", "G93.2",
    ],
    "intracranial_mass": [
        "brain tumour", "brain tumor", "meningioma", "glioblastoma", "C71.9",
    ],
    "poorly_controlled_cardiovascular_disease": [
        "uncontrolled hypertension", "Hypertension, poorly controlled",
        "hypertension, not well controlled", "decompensated heart failure",
        "hypertensive crisis", "hypertensive emergency", "I16.1",
    ],
    "hypertension": [
        "HTN", "high blood pressure", "essential hypertension", "well-controlled hypertension",
        "hypertension (controlled on medication)", "Hypertension, stage 1", "I10", "38341003",
        "mild hypertension",
    ],
    "hypertensive_encephalopathy": [
        "hypertensive encephalopathy", "I67.4",
    ],
    "arrhythmia": [
        "atrial fibrillation", "AFib", "paroxysmal atrial fibrillation",
        "ventricular tachycardia", "long QT syndrome", "I48.91", "complete heart block",
    ],
    "serious_cardiac_disease": [
        "heart failure", "congestive heart failure", "CHF", "coronary artery disease", "CAD",
        "stable angina", "aortic stenosis", "hypertrophic cardiomyopathy", "I50.9",
    ],
    "raised_intraocular_pressure": [
        "glaucoma", "open-angle glaucoma", "raised intra-ocular pressure", "ocular hypertension",
        "bilateral glaucoma",
    ],
    "seizure_disorder": [
        "epilepsy", "seizures", "seizure disorder", "G40.909", "grand mal seizures",
    ],
    "neurocognitive_disorder": [
        "dementia", "Alzheimer's disease", "delirium", "vascular dementia",
    ],
    "psychosis": [
        "schizophrenia", "schizoaffective disorder", "delusional disorder",
        "postpartum psychosis", "psychotic depression", "current psychosis", "F20.0", "F32.3",
        "major depressive disorder with psychotic features", "brief psychotic disorder",
    ],
    "mania": [
        "mania", "hypomania current", "manic episode", "Bipolar disorder, current episode manic",
        "F30.10",
    ],
    "bipolar": [
        "bipolar disorder", "bipolar II disorder", "Bipolar 2", "bipolar type 1",
        "bipolar depression", "manic depression", "cyclothymia", "F31.81",
    ],
    "dissociative_disorder": [
        "dissociative identity disorder", "depersonalization disorder", "depersonalisation",
        "F44.81",
    ],
    "substance_use_disorder": [
        "substance abuse", "polysubstance use disorder", "drug addiction",
    ],
    "alcohol_use_disorder": [
        "alcoholism", "alcohol dependence", "AUD", "F10.20", "alcohol abuse",
    ],
    "cannabis_use_disorder": [
        "cannabis use disorder", "marijuana dependence", "F12.20",
    ],
    "cocaine_use_disorder": [
        "cocaine use disorder", "cocaine dependence", "F14.20",
    ],
    "stimulant_use_disorder": [
        "methamphetamine use disorder", "amphetamine dependence", "F15.20",
    ],
    "opioid_use_disorder": [
        "OUD", "heroin addiction", "opiate dependence", "F11.20",
    ],
    "sedative_use_disorder": [
        "benzodiazepine dependence", "sedative use disorder", "F13.20",
    ],
    "ketamine_use_disorder": [
        "ketamine use disorder", "ketamine dependence", "ketamine abuse", "PCP abuse",
    ],
    "hallucinogen_use_disorder": [
        "hallucinogen use disorder", "F16.20",
    ],
    "ketamine_misuse": [
        "prior ketamine misuse", "recreational ketamine use", "PCP misuse",
    ],
    "hyperthyroidism": [
        "Graves' disease", "thyrotoxicosis", "overactive thyroid", "E05.90",
    ],
    "pulmonary_insufficiency": [
        "COPD", "emphysema", "respiratory failure", "J44.9", "COPD, moderate",
    ],
    "sleep_apnea": [
        "sleep apnoea", "obstructive sleep apnea", "OSA", "OSA on CPAP", "G47.33",
    ],
    "porphyria": [
        "porphyria", "acute intermittent porphyria", "E80.21",
    ],
    "bladder_disease": [
        "interstitial cystitis", "overactive bladder", "cystitis", "bladder pain syndrome",
        "ketamine cystitis", "N30.10",
    ],
    "acute_intoxication": [
        "intoxicated", "alcohol intoxication",
    ],
    "acute_withdrawal": [
        "alcohol withdrawal", "opioid withdrawal", "benzodiazepine withdrawal",
    ],
}

#: Everyday illnesses that no rule asks about.
HARMLESS_CONDITIONS: Final = [
    "asthma", "mild intermittent asthma", "GERD", "gastro-oesophageal reflux disease",
    "migraine", "migraine with aura", "hypothyroidism", "hypothyroidism (treated)",
    "Hashimoto's thyroiditis", "type 2 diabetes", "type 2 diabetes mellitus", "diabetes type 1",
    "T2DM", "prediabetes", "hyperlipidemia", "high cholesterol", "osteoarthritis",
    "osteoarthritis of knee", "arthritis", "rheumatoid arthritis", "gout", "osteoporosis",
    "anaemia", "iron deficiency anemia", "vitamin D deficiency", "chronic pain", "low back pain",
    "sciatica", "fibromyalgia", "CRPS", "generalized anxiety disorder",
    "generalised anxiety disorder", "GAD", "anxiety", "panic disorder", "social anxiety", "PTSD",
    "OCD", "ADHD", "autism spectrum disorder", "insomnia", "restless legs syndrome",
    "borderline personality disorder", "eating disorder", "eczema", "psoriasis", "acne",
    "hay fever", "seasonal allergies", "allergic rhinitis", "IBS", "irritable bowel syndrome",
    "Crohn's disease", "ulcerative colitis", "coeliac disease", "kidney stones", "BPH", "PCOS",
    "endometriosis", "menopause", "obesity", "tension headache", "carpal tunnel syndrome",
    "smoker", "nicotine dependence", "tobacco use disorder", "febrile seizures",
    "Acute bronchitis (disorder)", "major depressive disorder",
    "Major depressive disorder, recurrent, severe without psychotic features",
    "treatment-resistant depression", "depression and anxiety", "dysthymia",
    "postpartum depression",
]
# fmt: on

#: Wording that says when -> the condition and the status it implies.
PAST: Final = [
    ("history_intracerebral_haemorrhage", "intracerebral_hemorrhage", "history"),
    ("history of psychosis", "psychosis", "history"),
    ("h/o stroke", "stroke", "history"),
    ("past mania", "mania", "history"),
    ("previous heart attack", "cardiovascular_event", "history"),
    ("stroke 3 years ago", "stroke", "history"),
    ("resolved cystitis", "bladder_disease", "history"),
    ("alcohol use disorder, in sustained remission", "alcohol_use_disorder", "history"),
    ("Opioid use disorder in early remission", "opioid_use_disorder", "history"),
    ("F10.21", "alcohol_use_disorder", "history"),
    ("I25.2", "cardiovascular_event", "history"),
    ("Z86.73", "stroke", "history"),
    ("aortic aneurysm, repaired 2015", "aneurysmal_vascular_disease", "history"),
    ("childhood seizures", "seizure_disorder", "history"),
    ("Graves disease, treated", "hyperthyroidism", "history"),
    ("hyperthyroidism, not adequately treated", "hyperthyroidism", None),
    ("schizophrenia, well controlled", "psychosis", "history"),
    # Treated is not yet controlled.
    ("schizophrenia, treated", "psychosis", None),
    ("schizophrenia, poorly controlled", "psychosis", None),
    ("alcohol use disorder in partial remission", "alcohol_use_disorder", None),
    ("NSTEMI 2019", "cardiovascular_event", None),
    ("active psychosis", "psychosis", None),
    ("old myocardial infarction", "cardiovascular_event", "history"),
    ("recent myocardial infarction", "cardiovascular_event", None),
    ("heart failure, NYHA II", "serious_cardiac_disease", None),
    ("heart failure, NYHA class IV", "poorly_controlled_cardiovascular_disease", None),
    ("mdd_with_suicidal_ideation", "acute_suicidality", None),
    ("depression with suicidal thoughts", "acute_suicidality", None),
    ("Seizure disorder (disorder)", "seizure_disorder", None),
]

#: Somebody else's, not there, not sure, or not what it seems: a person reads it.
UNREAD: Final = [
    "no history of stroke",
    "family history of psychosis",
    "father with schizophrenia",
    "mother had a brain aneurysm",
    "denies mania",
    "possible brain aneurysm",
    "suspected TIA",
    "rule out epilepsy",
    "stroke ruled out",
    "risk of psychosis",
    "fear of heart attack",
    "poorly controlled asthma",
    "uncontrolled diabetes",
    "severe liver disease",
    "moderate kidney disease",
    "vascular Ehlers-Danlos syndrome",
    "Marfan syndrome",
    "quux fever",
    "not hypertension",
    "disorder",
    "history of",
    "severe",
    "2019",
    "I",
    "Z99",
    "",
]
