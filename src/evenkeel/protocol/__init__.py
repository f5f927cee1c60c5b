"""Facts in, findings out: eligibility, dose stops, alarms and discharge, each with its source."""

from .alarms import ALARM_LEVELS, SYMPTOMS, Alarm, AlarmLevel, Reading
from .conditions import Condition, known_conditions, recognize_condition
from .departure import DischargeFacts
from .discharge import (
    DischargeItem,
    DischargeResult,
    discharge_check,
    discharge_document,
)
from .dose import DoseSheet, Stop, check_dose, check_vial, dose_arithmetic
from .errors import DoseError, FactsError, ProtocolError, ProtocolRoomError
from .facts import Fact, Facts
from .findings import EFFECTS, Finding, Screening
from .medicines import Medicine, known_medicines, recognize, recognize_all
from .pack import (
    Protocol,
    default_protocol,
    load_protocol,
    load_protocol_file,
    parse_protocol,
    protocol_names,
)
from .products import PRODUCTS, Product
from .schedule import next_due, overdue
from .screening import screen, screen_document
from .sources import CLINIC_POLICY, SOURCED, Source
from .thresholds import Threshold
from .values import BloodPressure, ConditionRecord, MedicineUse
from .vocabulary import GROUPS, VOCABULARY, FactSpec
from .watching import alarms_for

__all__ = [
    "ALARM_LEVELS",
    "CLINIC_POLICY",
    "EFFECTS",
    "GROUPS",
    "PRODUCTS",
    "SOURCED",
    "SYMPTOMS",
    "VOCABULARY",
    "Alarm",
    "AlarmLevel",
    "BloodPressure",
    "Condition",
    "ConditionRecord",
    "DischargeFacts",
    "DischargeItem",
    "DischargeResult",
    "DoseError",
    "DoseSheet",
    "Fact",
    "FactSpec",
    "Facts",
    "FactsError",
    "Finding",
    "Medicine",
    "MedicineUse",
    "Product",
    "Protocol",
    "ProtocolError",
    "ProtocolRoomError",
    "Reading",
    "Screening",
    "Source",
    "Stop",
    "Threshold",
    "alarms_for",
    "check_dose",
    "check_vial",
    "default_protocol",
    "discharge_check",
    "discharge_document",
    "dose_arithmetic",
    "known_conditions",
    "known_medicines",
    "load_protocol",
    "load_protocol_file",
    "next_due",
    "overdue",
    "parse_protocol",
    "protocol_names",
    "recognize",
    "recognize_all",
    "recognize_condition",
    "screen",
    "screen_document",
]
