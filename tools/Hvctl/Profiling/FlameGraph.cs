using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml;

namespace SharpVisor.Hvctl.Profiling;

/// <summary>Draws a tree of calls as SVG: as wide as a function was seen, on top of who called it; a name shows under the pointer.</summary>
internal static class FlameGraph
{
    private const int Width = 1200;
    private const int Row = 18;
    private const int Margin = 30;
    private const double Narrowest = 0.3;
    private const double LetterWidth = 6.6;

    /// <summary>Writes the picture.</summary>
    internal static void Write(Stream stream, CallNode root, string title)
    {
        int depth = Depth(root);
        int height = (depth * Row) + (2 * Margin);
        using XmlWriter xml = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, CloseOutput = false, Encoding = new UTF8Encoding(false) });
        xml.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        xml.WriteAttributeString("width", Number(Width));
        xml.WriteAttributeString("height", Number(height));
        xml.WriteAttributeString("viewBox", $"0 0 {Number(Width)} {Number(height)}");
        xml.WriteAttributeString("font-family", "monospace");
        xml.WriteAttributeString("font-size", "11");
        xml.WriteElementString("title", title);
        xml.WriteStartElement("text");
        xml.WriteAttributeString("x", Number(Width / 2));
        xml.WriteAttributeString("y", "18");
        xml.WriteAttributeString("text-anchor", "middle");
        xml.WriteAttributeString("font-size", "14");
        xml.WriteString(title);
        xml.WriteEndElement();
        if (root.Samples != 0)
        {
            Draw(xml, root, root.Samples, 0, Width, height - Margin - Row);
        }

        xml.WriteEndElement();
    }

    private static int Depth(CallNode node) => 1 + node.Callees.Select(Depth).DefaultIfEmpty(0).Max();

    private static void Draw(XmlWriter xml, CallNode node, int all, double x, double width, int y)
    {
        if (width < Narrowest)
        {
            return;
        }

        xml.WriteStartElement("g");
        xml.WriteElementString("title", string.Create(CultureInfo.InvariantCulture, $"{node.Name}: {node.Samples} samples, {100.0 * node.Samples / all:0.0} %"));
        xml.WriteStartElement("rect");
        xml.WriteAttributeString("x", Number(x));
        xml.WriteAttributeString("y", Number(y));
        xml.WriteAttributeString("width", Number(Math.Max(width - 0.4, Narrowest)));
        xml.WriteAttributeString("height", Number(Row - 1));
        xml.WriteAttributeString("fill", Colour(node.Name));
        xml.WriteEndElement();
        int letters = (int)((width - 4) / LetterWidth);
        if (letters >= 3)
        {
            xml.WriteStartElement("text");
            xml.WriteAttributeString("x", Number(x + 3));
            xml.WriteAttributeString("y", Number(y + 12));
            xml.WriteString(node.Name.Length <= letters ? node.Name : node.Name[..(letters - 2)] + "..");
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        foreach (CallNode callee in node.Callees)
        {
            double part = width * callee.Samples / node.Samples;
            Draw(xml, callee, all, x, part, y - Row);
            x += part;
        }
    }

    // The same function has the same colour in every picture.
    private static string Colour(string name)
    {
        uint hash = 2166136261;
        foreach (char letter in name)
        {
            hash = (hash ^ letter) * 16777619;
        }

        return string.Create(CultureInfo.InvariantCulture, $"rgb({205 + (hash % 50)},{80 + (hash / 64 % 150)},{hash / 16384 % 60})");
    }

    private static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
