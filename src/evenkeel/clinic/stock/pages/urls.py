"""Addresses of the ledger."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.stock.pages import container, counting, discrepancies, papers, shelves

urlpatterns = [
    path("", shelves.shelves, name="stock"),
    path("receive", shelves.receiving, name="stock_receive"),
    path("items", shelves.items, name="stock_items"),
    path("items/<uuid:item_id>", shelves.item, name="stock_item"),
    path("begin", counting.begin, name="stock_begin"),
    path("count", counting.counting, name="stock_count"),
    path("counts/<uuid:count_id>", counting.counted, name="stock_counted"),
    path("counts/<uuid:count_id>/inventory", papers.inventory, name="stock_inventory"),
    path("containers/<uuid:container_id>", container.container, name="stock_container"),
    path("arrivals/<uuid:move_id>", container.arrival, name="stock_arrival"),
    path("discrepancies", discrepancies.discrepancies, name="stock_discrepancies"),
    path(
        "discrepancies/<uuid:discrepancy_id>",
        discrepancies.discrepancy,
        name="stock_discrepancy",
    ),
    path("papers", papers.papers, name="stock_papers"),
    path("register", papers.register, name="stock_register"),
    path("register.csv", papers.register_csv, name="stock_register_csv"),
]
